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
// [NoEscape] runs a function and, when it ends by return, error, panic or
// runtime.Goexit, releases everything allocated in it; [Open] is for lifetimes that no
// function encloses. Memory must not be used after its scope: arrays built on this
// package check that with a [Stamp], as a [Builder] does; raw slices cannot, but package
// scope/guard finds their mistakes in tests. Memory allocated outside every scope lives
// until the buffer is reset.
//
// Goroutines may share a context if they may share its allocator: the heap and buffers of
// package locked, not plain bump buffers. Look the allocator up once for each operation,
// not for each element. Package scope/memory is for authors of allocators.
package scope
