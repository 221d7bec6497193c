// Package kernel is the arithmetic underneath the array types: loops over plain slices, and nothing else.
//
// It is the only package that knows the SIMD library (github.com/tphakala/simd). A better library replaces calls in
// this package's binary.go, simd.go, float.go, reduce.go, matmul.go and softmax.go; callers do not change. Where that
// library is inexact or mistakes a special value, a comment at the call says so and something else runs. The elementwise
// minimum and maximum and the 64-bit integers, which it lacks, are assembly that the module in ../asm generates.
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
// alignment. The exception is [SoftmaxRow] on float32. Reductions round in an order that depends on the length, and
// multiply-accumulates ([Dot], [AddScaled], [MatMul], [MatMulT]) may or may not be fused, so their last bits differ
// between processors, though not between runs.
//
// # Cost
//
// No function allocates. Functions are safe to call at the same time from many goroutines on slices that do not
// overlap. Nothing here starts a goroutine.
package kernel
