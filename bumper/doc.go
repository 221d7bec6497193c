// Package bumper provides bump buffers: allocators that hand out memory by
// advancing an offset, and release it all at once by setting the offset back.
//
// Three buffers differ in what happens when they are full:
//
//   - [AllocBuffer] has a fixed size; a full one is an error. The simplest and
//     fastest, for work whose need is known, and for hard limits.
//   - [SlabBuffer] takes another slab. The one to start with.
//   - [AutoscalingBuffer] takes extra storage and, once empty again, becomes one
//     buffer of the size that recent use has shown to be right.
//
// Put one into a context with [scope.WithAllocator], and mark with
// [scope.NoEscape] where its memory is released:
//
//	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer())
//	err := scope.NoEscape(ctx, func(ctx context.Context) error {
//		return handle(ctx) // every array in here is released when it returns
//	})
//
// # Concurrency
//
// The buffers of this package are NOT safe for concurrent use, and neither is a
// context that carries one: give each goroutine its own, or put one buffer that
// all share behind package locked.
//
// # Memory
//
// Storage comes from a [Source], by default the Go heap, and is taken when it is
// first needed. Released memory stays with the buffer, for the next scope. Its
// content is whatever was there: blocks are not zeroed, see [scope.Make].
//
// # Buffers of your own
//
// Anything that implements [Buffer] works wherever these do; embedding [Levels]
// leaves only the allocation itself to write. See the example of [Levels].
package bumper
