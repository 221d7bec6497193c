// Package locked lets goroutines share one bump buffer.
//
// [WithLockedBumper] puts a buffer into a context behind a lock:
//
//	ctx = locked.WithLockedBumper(ctx, bumper.NewSlabBuffer())
//
// Every goroutine that has the context may now allocate from the buffer. What a
// lock alone would not give is the release: setting a bump buffer back while
// others use it takes their memory away. Here that cannot happen:
//
//   - [scope.NoEscape] opens a private region of the buffer: memory of its own,
//     carved from the shared buffer and returned to it when the scope ends. Scopes of
//     different goroutines may therefore overlap in any way, and a loop of them
//     reaches a steady size.
//   - While a region or a [Group] runs, Reset and Restore of the buffer are
//     refused with bumper.ErrHeld and change nothing.
//
// What is allocated through the shared context itself, outside every region,
// lives until the buffer is reset.
//
// A [Group] runs functions in goroutines and gives each a region for as long as
// it runs. Within it, NoEscape reuses one region and one context and allocates
// nothing on the Go heap:
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
// before: idle memory is split and merged. While regions are open, a request is refused
// only if no contiguous idle memory holds it, and the error names the largest there is. A
// region holds at most half more than its blocks need, and 4 KiB. What a spike has taken
// from the source goes back by itself; [Retain] says how much stays. So one buffer takes
// the place of a pool of buffers.
//
// # Servers
//
// A handler opens a scope for each request on the buffer that all share; it needs no
// Group:
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
// The response is written, or copied out, inside the scope.
//
// # Contexts that outlive their scope
//
// A goroutine that keeps the context of a region after its end, and allocates
// through it, gets memory from the Go heap, and [Stats] counts it as late. It
// never fails and never lands in the memory of whoever uses the region now.
//
// Scopes that one worker opens one after the other have one context: code that keeps
// it from an earlier scope and uses it during a later one allocates in the later one.
package locked
