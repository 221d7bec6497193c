package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// wordLanes is how many integers of 64 bits fill a vector of the assembly.
const wordLanes = 4

// words returns the elements of x as int64 if they are integers of 64 bits, for which additions are the same, and nil
// otherwise. The memory is the same, of as many elements of one size.
func words[T Number](x []T) []int64 {
	switch any(x).(type) {
	case []int64, []int, []uint64, []uint:
		return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
	}
	return nil
}

// integers computes as many elements of a op b, op being Add or Sub, as fill vectors, and returns how many: 0 if there is no
// assembly for the type or the processor. step is 1, or 0 for a b that is one vector, used again and again.
func integers[T Number](op BinaryOp, dst, a, b []T, step int) int {
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

// sumIntegers returns the sum of as many elements as fill vectors, and how many these are, as integers does.
func sumIntegers[T Number](a []T) (sum T, n int) {
	x := words(a)
	if n = len(x) / wordLanes; n == 0 || !cpu.X86.HasAVX2 {
		return 0, 0
	}
	return T(sumI64(&x[0], n)), n * wordLanes
}
