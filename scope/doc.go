// Package scope carries the current memory allocator in a context.Context.
//
// Numeric code asks the context for memory and does not know where it comes from:
//
//	func Smooth(ctx context.Context, x []float64) float64 {
//		tmp := scope.Make[float64](ctx, len(x)) // instead of make([]float64, len(x))
//		...
//	}
//
// Its caller, possibly many packages away, decides with one line:
//
//	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer())
//
// A context without an allocator means the Go heap.
//
// [NoEscape] runs a function and releases all that was allocated inside when it ends, by
// return, error, panic or runtime.Goexit. [Open] is for lifetimes that no function
// encloses. Memory must not be used after its scope; arrays built on this package check
// that with a [Stamp], and so does a [Builder]; raw slices cannot, and package scope/guard
// finds their mistakes in tests. What is outside every scope lives until a reset.
//
// Goroutines may share a context if they may share its allocator: the heap and buffers of
// package locked, not plain bump buffers. Look the allocator up once for each operation,
// not for each element: it may take a ctx.Value. For authors of allocators there is
// package scope/memory.
package scope
