// Package allocarray provides n-dimensional numeric arrays whose memory comes from
// the allocator in a context.
//
// [New], [Empty], [Full], [Arange] and [Eye] make an [AllocArray], [Wrap] and [WrapStamp]
// make one of a slice, a [Builder] grows one, and Similar makes one like another:
//
//	w := allocarray.New[float64](ctx, 2, 3)
//	x := allocarray.Wrap([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
//	y := x.Similar(ctx)                  // same shape, uninitialised
//	z := allocarray.Add(ctx, x, y)       // each operation asks ctx for its result
//	s := allocarray.SumAxis(ctx, z, 1)
//
// Such code does not know whether ctx stands for the Go heap, a bump buffer, or a
// buffer that many goroutines share. Its caller chooses the memory with
// scope.WithAllocator and releases it with scope.NoEscape.
//
// # Values
//
// An AllocArray is a value of four words: where its elements are, the stamp of their
// scope, and a layout. It is passed and returned by value, in registers. Copying one
// copies no elements: both copies, and all views, share them. New arrays are
// contiguous, that is, row-major without gaps; views may have any strides.
//
// A layout is the shape and the strides. It never changes, lives on the Go heap, and is
// shared by all arrays of that shape. Making an array or a view therefore allocates its
// elements and nothing else, except one small object on the Go heap if its layout has
// not been used before, or not since some thousands of others were: the layouts kept
// are bounded, so that shapes which requests choose cannot fill the memory.
//
// # Lifetime
//
// The elements live as long as the scope in which they were allocated. Every
// operation and every access first checks that the scope has not ended, with one
// atomic load for each array, and panics with a [scope.StaleError] if it has. To
// keep a result, copy it before its scope ends: with [AllocArray.Heap], or with
// [AllocArray.CopyTo] into an array made outside. [AllocArray.Data] returns an
// ordinary slice, whose use is not checked.
//
// Some allocators take single arrays back before their scope ends. [AllocArray.Release]
// ends an array where it is no longer needed, and [AllocArray.Move] hands an operand to an
// operation, which may then compute in its memory. Other allocators ignore both.
//
// A scope may also end during an operation, by mistake: in a function given to [Map],
// in an allocator, or in another goroutine. So operations check the scopes of their
// operands and of their result again before they return, and before they go on after
// calling the user's code. They panic rather than return what they read from memory
// that has been released. If another goroutine ends the scope, this is certain on
// amd64 and best effort where the processor may delay a load beyond a later one, as
// on arm64. What the operation has written by then is in memory that may be in use
// again; only an isolating buffer (see package bumper) rules that out.
//
// # Shapes
//
// Elementwise operations broadcast as in NumPy: shapes are compared from the last
// axis on, and an axis that is missing or has length 1 is repeated. Operations panic
// if shapes do not fit, and name them. When memory is exhausted they panic with a
// [scope.ExhaustedError], which scope.NoEscape and scope.Try return as an error.
//
// # Destinations
//
// Each operation Op(ctx, …) has a form OpInto(dst, …), which writes into an array of
// the result's shape and allocates nothing. In elementwise operations dst may be one
// of the operands. It may not share elements with an operand in any other way, nor
// in any way in products, reductions and concatenation; these cases panic.
//
// # Masks
//
// Comparisons return masks: arrays of uint8 that are 1 where the comparison holds
// and 0 elsewhere. There are no arrays of bool: a mask can be added, multiplied and
// used in [Where], and lies in memory as bools do. [Mask] makes one of bools, and
// [CopyBools] goes back; [Not] is the opposite, [Minimum] of masks is and, [Maximum]
// is or, and [CountNonzero] counts, where [Sum] would wrap at 256. As in Go, NaN is
// unequal to everything.
//
// # Operations
//
// Names are those of NumPy and PyTorch. "Axis" in a name reduces along one axis.
//
//   - arithmetic: [Add], [Sub], [Mul], [Div], [Pow], [Minimum], [Maximum], and with a
//     scalar ([AddScalar] …); [Neg], [Abs], [Square], [Sqrt], [Exp], [Log]; [Tanh],
//     [Sigmoid], [ReLU], [GELU], [Softmax], [LogSoftmax]
//   - your own function, in one pass over one to three arrays: [Map], [Map2], [Map3]
//   - comparisons and masks: [Equal], [Less] …, [Where], [Not], [CountNonzero]
//   - reductions: [Sum], [Mean], [Max], [Min], [ArgMax], [ArgMin], [Dot], [Norm]
//   - statistics: [Var], [Std], [Cov], [Quantile], [Median], [CumSum]
//   - order: [Sort], [Argsort]
//   - choice by index: [Take], [Gather]; and the reverse, [ScatterAddInto] and [SegmentSum]
//   - joining, moving, padding: [Concat], [Roll], [Pad], [PadEdge], [PadReflect], [Convert]
//   - matrices: [MatMul], [Eye]. Factorisations and Fourier transforms are gonum's:
//     docs/adopting.md shows them on the memory of a scope.
//   - views, which copy nothing: Slice, SliceStep, Index, Transpose, Permute, Reshape,
//     ExpandDims, Squeeze, Broadcast, and SlidingWindow, whose windows may overlap
//
// # Concurrency
//
// Several goroutines may read an array at once. For writing, the rules for slices
// apply; for allocating, those of the allocator in ctx.
//
// # Elements
//
// [Element] lists the element types. Integer arithmetic wraps and divides as in Go.
// [Float16] is a type to store and to convert only.
// There are no complex numbers, because they have no order, which minima, maxima and
// comparisons need.
package allocarray
