// Package kernel is the arithmetic underneath the array types: loops over plain slices, and nothing else.
//
// # Where what is
//
//	binary.go   Binary, BinaryStrided         + - * / min max of two slices
//	scalar.go   BinaryScalar, ScalarBinary    the same of a slice and a number
//	unary.go    Unary, ReLU
//	compare.go  Compare, CompareScalar, CompareStrided
//	move.go     CopyStrided, Fill, Select     moves elements, computes nothing
//	float.go    UnaryFloat, Pow, PowScalar, ScalarPow
//	exp.go      e^x, and tanh, sigmoid and GELU, which are made of it
//	activation.go LeakyReLU, SiLU, ELU, Softplus, HardSigmoid, HardSwish, of float32
//	reduce.go   Sum, Dot
//	extreme.go  MinOf, MaxOf, ArgMin, ArgMax
//	softmax.go  SoftmaxRow, LogSoftmaxRow
//	matmul.go   MatMul, MatMulT, AddScaled
//	affine.go   Affine, a factor and a summand for each element
//	window.go   WindowMax, WindowSum, which pooling is made of
//	vector*.go  the instruction set that these use: AVX-512, AVX2 or loops, with the same bits
//	rows.go     softmax and normalisation of rows of float32, on the same sets
//	gate.go     the sigmoid and the hyperbolic tangent of recurrent layers, likewise
//	depthwise.go a filter for each channel, likewise
//	winograd.go the transforms of tiles for convolutions, likewise
//	words_*.go  calls of our own assembly, which the module in ../asm generates (assembly_amd64.s)
//
// Each operation chooses in its own file among up to three ways: the SIMD library (github.com/tphakala/simd), our own
// assembly for what that lacks (elementwise minimum and maximum, integers of 64 bits), and a loop for the other types,
// for processors without either, and for slices so short that a call costs more than it saves. Only this package, and
// the portable code of ../gemm, knows the library. Where the library is inexact or mistakes a special value, a comment at
// the call says so and something else runs.
//
// # Slices
//
// Slices are contiguous unless a function takes strides. The length of the work is len(dst), or len(a) where there
// is no dst; every other slice must be at least that long, or the call panics with Go's own bounds error. Strides
// are in elements and not negative; stride 0 on a source repeats its first element.
//
// A dst may be exactly the same slice as a source (in place). It must not partly overlap one, except where a function
// forbids overlap altogether. Nothing here keeps a reference to a slice after returning.
//
// # Values
//
// NumPy's semantics is the guide. Integers wrap. Integer division truncates toward zero and division by zero panics as
// Go's own does, leaving dst partly written. NaN propagates through arithmetic, Min, Max and their reductions, and
// counts as the extreme in ArgMin and ArgMax. Where a result is a zero, its sign is IEEE 754's for + - * / and sqrt and is
// unspecified for Min, Max and ReLU.
//
// An elementwise result depends on its operands alone: not on its position, on the length of the slice or on the
// alignment. Reductions round in an order that depends on the length, and
// multiply-accumulates ([Dot], [AddScaled], [MatMul], [MatMulT]) may or may not be fused, so their last bits differ
// between processors, though not between runs.
//
// # Cost
//
// No function allocates. Functions are safe to call at the same time from many goroutines on slices that do not
// overlap. Nothing here starts a goroutine.
package kernel
