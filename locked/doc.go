// Package locked lets goroutines share one bump buffer.
//
// [WithLockedBumper] puts a buffer into a context behind a lock:
//
//	ctx = locked.WithLockedBumper(ctx, bumper.NewSlabBuffer())
//
// Every goroutine that has the context may now allocate from the buffer. A lock
// alone would not make release safe: setting a bump buffer back while others use it
// takes their memory away. Here that cannot happen:
//
//   - [scope.NoEscape] opens a private region of the buffer: memory of its own,
//     carved from the shared buffer and returned to it when the scope ends. Scopes of
//     different goroutines may therefore overlap in any way, and a loop of them
//     reaches a steady size.
//   - While a region or a [Group] runs, Reset and Restore of the buffer return
//     bumper.ErrHeld and change nothing.
//
// Memory allocated through the shared context itself, outside every region, lives
// until the buffer is reset.
//
// A [Group] runs functions in goroutines, each with a region of its own. In such a
// region NoEscape reuses one inner region and one context, and allocates nothing on
// the Go heap:
//
//	g := locked.NewGroup(ctx)
//	for _, batch := range batches {
//		g.Go(func(ctx context.Context) error { return infer(ctx, batch) })
//	}
//	err := g.Wait()
//
// # As good as new
//
// When no region is open, a shared buffer serves what a new one would, whatever happened
// before: it splits and merges idle memory. While regions are open, it refuses a request
// only if no contiguous idle memory holds it; the error reports the largest piece. A
// region holds at most 1.5 times what its blocks need, plus 4 KiB. After a spike, storage
// goes back to the source by itself; [Retain] sets how much stays. So one buffer replaces
// a pool of buffers.
//
// # Servers
//
// A handler opens a scope for each request on the shared buffer; it needs no Group:
//
//	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(64 << 20)))
//	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
//		ctx := scope.WithAllocator(r.Context(), shared)
//		err := scope.NoEscape(ctx, func(ctx context.Context) error { return answer(ctx, w, r) })
//		if errors.Is(err, scope.ErrExhausted) {
//			http.Error(w, "busy", http.StatusServiceUnavailable)
//		}
//	})
//
// Write the response, or copy it out, inside the scope. For a lifetime that no function
// encloses, such as an RPC or a stream, [scope.Open] opens a region that lasts until its End,
// which any goroutine may call. scope.Builder and scope.ReadFrom read a body of unknown
// length into the region.
//
// Package meter limits what requests and tenants hold, and scope.Reserve waits until a
// request that needs much can have it; see docs/limits.md.
//
// # Several cores
//
// With the option [Cores], large products and convolutions of packages allocarray and nn that take
// their memory from the buffer are computed on several cores:
//
//	shared := locked.Share(bumper.NewSlabBuffer(), locked.Cores(4))
//
// # Contexts that outlive their scope
//
// A goroutine that keeps the context of a region after its end (also of one that Open opened),
// and allocates
// through it, gets memory from the Go heap, and [Stats] counts it as late. Such an
// allocation does not fail, and never gets memory of a scope that uses the region now.
//
// The scopes that a worker opens one after another share a context: code that keeps it
// from an earlier scope and uses it during a later one allocates in the later one.
package locked
