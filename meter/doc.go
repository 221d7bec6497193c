// Package meter limits what allocators hand out, and watches them: one instrument around
// any allocator.
//
//	process := meter.NewLimit(nil, "process", 512<<20)
//	tenant := meter.NewLimit(process, "tenant 7", 64<<20)
//	shared := meter.New(locked.Share(bumper.NewSlabBuffer()),
//		meter.Within(process), meter.Log(logger, time.Second, 16<<20))
//
//	// for each request
//	request := meter.NewLimit(tenant, "request", 8<<20)
//	ctx = scope.WithAllocator(ctx, shared.Within(request))
//	err := scope.NoEscape(ctx, handle)
//
// A [Limit] bounds bytes, and is below another or none: what a request holds counts for its
// tenant and for the process. An allocation beyond a limit fails with an error that matches
// scope.ErrExhausted and names the limit, which [RefusedBy] returns: a server answers 413,
// 429 or 503. There are no limits unless you make them, and an allocation never waits;
// scope.Reserve does.
//
// [New] puts the instrument around an allocator. Its options:
//
//   - [Within] charges a limit, [OnExhausted] is asked what to do when memory is exhausted,
//     and [Fallback] serves from the Go heap then;
//   - [Log] writes of scopes that are slow, large or refused memory, and [Trace] of each
//     allocation, for [Replay];
//   - [Zero] clears blocks; [Fail] and [FailRandomly] inject failures into tests.
//
// [Meter.Stats] and [Limit.Stats] tell what happened. Of the options, Trace, Zero, Fail and
// FailRandomly cost something for each allocation, and Log an object for each outermost scope.
//
// # What is charged, and when
//
// Around a shared buffer of package locked, a limit is charged where a scope takes storage,
// not for each allocation: for capacity, with what alignment and the growth of a scope need.
// All of it is discharged when the scope ends, however it ends. What the buffer keeps idle
// is charged to no scope; bumper.Limit bounds the buffer itself. For an allocation that the
// scope has room for a limit costs nothing, and for a scope no object.
//
// An unlocked buffer takes its storage from a source: give it one from [Source]. It is
// charged for what it holds, idle or not, until it gives that back.
//
// Around any other allocator, or an unlocked buffer whose source is not metered, New charges
// each block when it is allocated, which costs a few dozen nanoseconds, and discharges it
// when the scope it was allocated in ends. On the Go heap such a scope has a context of
// its own; the collector may free its memory later. What is allocated outside every scope
// stays charged until the buffer is reset, on the heap for ever.
//
// A block that is released before its scope ends (see [memory.Releaser]) is discharged at once where
// blocks are charged, if its context has the meter that allocated it or one around it; else before an allocation of its scope
// is refused. A region is charged for storage, whose places released
// blocks leave to the next: the charge stays, and stops growing. Trace does not tell of releases.
//
// While half of a limit is left, a small scope is charged in steps, for as much again as it
// holds, up to 64 KiB; and a limit reserves as much again from the one above, 64 KiB at the
// most, so that not every step meets at the root. Before anything is refused, what was
// reserved is taken back.
package meter
