package allocarray

import "github.com/allocarrays/allocarrays-go/internal/gemm"

// fewest is the number of rows of a from which on it pays to put b in the order in
// which the micro-kernels read it (measured: the two ways meet between 3 and 4).
const fewest = 4

// multiply computes dst = a·b with the micro-kernels, for a dst whose rows are
// contiguous. It reports whether it did; false leaves dst alone.
func multiply[T Element](dst, a, b *AllocArray[T]) bool {
	if a.shape[0] < fewest || b.shape[1] == 1 {
		return false
	}
	switch c := any(dst.data).(type) {
	case []float32:
		return multiplyOf(c, any(a.data).([]float32), any(b.data).([]float32), dst, a, b)
	case []float64:
		return multiplyOf(c, any(a.data).([]float64), any(b.data).([]float64), dst, a, b)
	}
	return false
}

// multiplyOf is multiply with the elements under the name of their type.
func multiplyOf[F Float, T Element](c, x, y []F, dst, a, b *AllocArray[T]) bool {
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	left, right := gemm.Matrix[F]{Data: x, Row: a.stride[0], Col: a.stride[1]}, gemm.Matrix[F]{Data: y, Row: b.stride[0], Col: b.stride[1]}
	return gemm.Product(c, dst.lead(), left, right, m, k, n)
}
