// Package allocarray provides n-dimensional numeric arrays whose memory comes
// from the allocator in a context.
//
// An [AllocArray] is made with [New] (zeros), [Full] or [Arange], by wrapping a slice,
// or like another array:
//
//	w := allocarray.New[float64](ctx, 2, 3)
//	x := allocarray.Wrap([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
//	y := x.Similar(ctx)                  // same shape, uninitialised
//	z := allocarray.Add(ctx, x, y)       // each operation asks ctx for its result
//	s := allocarray.SumAxis(ctx, z, 1)
//
// Code written like this does not know whether ctx means the Go heap, a bump
// buffer, or one buffer shared by many goroutines; its caller decides that with
// scope.WithAllocator, and when the memory is released with scope.NoEscape.
//
// # Values
//
// An AllocArray is a value of 160 bytes (on 64-bit systems): memory, shape and strides. It is
// passed and returned by value, and creating one allocates nothing beyond its
// elements. Copying it copies no elements: both copies, and all views, share
// them. Arrays are row-major; views may have any strides.
//
// # Lifetime
//
// The elements live as long as the scope they were allocated in. Every operation
// and every access first checks that they do, with one atomic load, and panics
// with a [scope.StaleError] if not. To keep a result, copy it out before its
// scope ends: with [AllocArray.Heap], or into an array made outside, with
// [AllocArray.CopyTo]. What [AllocArray.Data] returns is an ordinary slice, which
// nobody checks.
//
// # Shapes
//
// Elementwise operations broadcast as in NumPy: shapes are compared from the last
// axis on; an axis of length 1, or a missing one, is repeated. Operations panic
// if shapes do not fit, naming them. When memory is exhausted they panic with a
// [scope.ExhaustedError], which scope.NoEscape and scope.Try return as an error.
//
// # Destinations
//
// Each operation Op(ctx, …) has a form OpInto(dst, …), which writes into an array
// of the result's shape and allocates nothing. In elementwise operations dst may
// be one of the operands, exactly; sharing other elements with one panics, as does
// sharing any in products, reductions and concatenation.
//
// # Concurrency
//
// Arrays may be read by several goroutines at once. Writing follows the rules for
// slices; allocating follows those of the allocator in ctx.
//
// # Elements
//
// [Element] lists the element types. Integer arithmetic wraps and divides as in
// Go. Complex numbers are not among them, because minima, maxima and ordered
// comparisons, which arrays have here, do not exist for them.
package allocarray
