package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The functions in this file call the assembly that ../asm generates, for what the SIMD library lacks. Every caller
// has a loop for the types and processors for which they do nothing.

// minMaxAVX2 is [Binary] for Min and Max, which the SIMD library has only for a whole slice; false if there is no
// assembly for the type or the processor, and dst is untouched. The slices have one length, of simdMin at least.
//
// What does not fill a vector at the end is computed by one that overlaps those before. That is right in place, too:
// min(min(x, y), y) is min(x, y), and so is max.
func minMaxAVX2[T Number](op BinaryOp, dst, a, b []T) bool {
	if !cpu.X86.HasAVX2 || op != Min && op != Max {
		return false
	}
	switch d := any(dst).(type) {
	case []float32:
		const lanes = 8
		x, y := any(a).([]float32), any(b).([]float32)
		n, last := len(d)/lanes, len(d)-lanes
		if op == Min {
			minF32(&d[0], &x[0], &y[0], n)
			minF32(&d[last], &x[last], &y[last], 1)
		} else {
			maxF32(&d[0], &x[0], &y[0], n)
			maxF32(&d[last], &x[last], &y[last], 1)
		}
	case []float64:
		const lanes = 4
		x, y := any(a).([]float64), any(b).([]float64)
		n, last := len(d)/lanes, len(d)-lanes
		if op == Min {
			minF64(&d[0], &x[0], &y[0], n)
			minF64(&d[last], &x[last], &y[last], 1)
		} else {
			maxF64(&d[0], &x[0], &y[0], n)
			maxF64(&d[last], &x[last], &y[last], 1)
		}
	default:
		return false
	}
	return true
}

// wordLanes is how many integers of 64 bits fill a vector.
const wordLanes = 4

// addSubAVX2 computes as many elements of a op b, op being Add or Sub, as fill vectors, and returns how many: 0 if there
// is no assembly for the type, the operation or the processor. step is 1, or 0 for a b that is one vector, used again
// and again.
func addSubAVX2[T Number](op BinaryOp, dst, a, b []T, step int) int {
	d := words(dst)
	n := len(d) / wordLanes
	if n == 0 || !cpu.X86.HasAVX2 {
		return 0
	}
	x, y := words(a), words(b)
	_, _ = x[n*wordLanes-1], y[wordLanes-1+step*(n-1)*wordLanes] // what the assembly will touch
	switch op {
	case Add:
		addI64(&d[0], &x[0], &y[0], step*wordLanes*8, n)
	case Sub:
		subI64(&d[0], &x[0], &y[0], step*wordLanes*8, n)
	default:
		return 0
	}
	return n * wordLanes
}

// sumAVX2 returns the sum of as many elements as fill vectors, and how many these are: 0 if there is no assembly for the
// type or the processor.
func sumAVX2[T Number](a []T) (sum T, n int) {
	x := words(a)
	if n = len(x) / wordLanes; n == 0 || !cpu.X86.HasAVX2 {
		return 0, 0
	}
	return T(sumI64(&x[0], n)), n * wordLanes
}

// words returns the elements of x as int64 if they are integers of 64 bits, for which additions are the same, and nil
// otherwise. The memory is the same, of as many elements of one size.
func words[T Number](x []T) []int64 {
	switch any(x).(type) {
	case []int64, []int, []uint64, []uint:
		return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
	}
	return nil
}
