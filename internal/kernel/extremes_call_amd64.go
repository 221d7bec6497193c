package kernel

import "golang.org/x/sys/cpu"

// extremes is [Binary] for Min and Max, which the SIMD library has only for a whole slice; false if there is no assembly
// for the type or the processor, and dst is untouched. The slices have one length, of simdMin at least.
//
// What does not fill a vector at the end is computed by one that overlaps those before. That is right in place, too:
// min(min(x, y), y) is min(x, y), and so is max.
func extremes[T Number](op BinaryOp, dst, a, b []T) bool {
	if !cpu.X86.HasAVX2 || op != Min && op != Max {
		return false
	}
	switch d := any(dst).(type) {
	case []float32:
		extremes32(op, d, any(a).([]float32), any(b).([]float32))
	case []float64:
		extremes64(op, d, any(a).([]float64), any(b).([]float64))
	default:
		return false
	}
	return true
}

func extremes32(op BinaryOp, dst, a, b []float32) {
	const lanes = 8
	n, last := len(dst)/lanes, len(dst)-lanes
	if op == Min {
		minF32(&dst[0], &a[0], &b[0], n)
		minF32(&dst[last], &a[last], &b[last], 1)
		return
	}
	maxF32(&dst[0], &a[0], &b[0], n)
	maxF32(&dst[last], &a[last], &b[last], 1)
}

func extremes64(op BinaryOp, dst, a, b []float64) {
	const lanes = 4
	n, last := len(dst)/lanes, len(dst)-lanes
	if op == Min {
		minF64(&dst[0], &a[0], &b[0], n)
		minF64(&dst[last], &a[last], &b[last], 1)
		return
	}
	maxF64(&dst[0], &a[0], &b[0], n)
	maxF64(&dst[last], &a[last], &b[last], 1)
}
