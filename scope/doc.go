// Package scope carries the current memory allocator in a context.Context.
//
// Numeric code that asks the context for memory does not know, and does not
// need to know, where the memory comes from:
//
//	func Smooth(ctx context.Context, x []float64) float64 {
//		tmp := scope.Make[float64](ctx, len(x)) // instead of make([]float64, len(x))
//		...
//	}
//
// Its caller decides, with one line and possibly many packages away:
//
//	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer())
//
// A context without an allocator means the Go heap, so code written this way
// behaves like ordinary Go until somebody chooses otherwise.
//
// # Lifetime
//
// [NoEscape] runs a function and releases everything that was allocated inside
// when it returns, whether by return, error, panic or runtime.Goexit. Memory
// must not be used after the scope it was born in has ended. Each [Block]
// carries the [Stamp] of its scope, which tells at any time whether that scope
// still lives; array types built on this package check it on every access.
//
// What is allocated outside every NoEscape lives until the buffer is reset.
//
// # Finding mistakes
//
// Raw slices carry no stamp. [GuardMode], switched on by the environment variable
// ALLOCARRAYS_GUARD, makes a use after the end of a scope, and a write beyond a block,
// show themselves where they happen.
//
// # Concurrency
//
// A context may be shared by goroutines as always. The allocator in it is as
// safe as it says: the heap always is, a plain bump buffer is not, and a buffer
// behind package locked is.
//
// # Cost
//
// [AllocatorFrom] is a type comparison when ctx is the very context that
// [WithAllocator] or [NoEscape] returned, and one ctx.Value otherwise. Look the
// allocator up once per operation, never per element.
//
// # For authors of allocators
//
// [Allocator], [Block], [Stamp], [Epoch], [Checkpoint] and [Regioner] are what an
// allocator is made of; who only allocates needs none of them.
//
// # Element types
//
// A buffer is memory in which the garbage collector looks for no pointers.
// Element types that contain pointers are therefore refused: see [Make].
package scope
