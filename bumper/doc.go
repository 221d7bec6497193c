// Package bumper provides bump buffers: allocators that hand out memory by
// advancing an offset, and release it all at once by setting the offset back.
//
// Three buffers differ in what they do when they are full:
//
//   - [AllocBuffer] has a fixed size and returns an error. It is the simplest and
//     fastest, for work whose need is known, and for hard limits.
//   - [SlabBuffer] takes another slab. Start with this one.
//   - [AutoscalingBuffer] takes extra storage and, once it is empty again, replaces
//     all of it by one piece of the size that recent use needed.
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
// A buffer takes storage from a [Source], by default the Go heap, when it first needs
// it. Released memory stays with the buffer, for the next scope. Alloc does not zero
// blocks; [scope.Make] does.
//
// # Buffers of your own
//
// A type that implements [Buffer] works wherever these do; one that embeds [Levels]
// adds only the allocation itself. See the example of [Levels].
package bumper
