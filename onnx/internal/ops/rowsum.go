package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// sumRun is how many elements are added up in a row of lanes before their sum is added to others, pairwise: rounding errors
// grow with it.
const sumRun = 512

// rowSum returns the sum of a row. Floats are taken in eight lanes, element i in lane i%8, on every
// processor: kernel.Sum has as many lanes as the vectors of the processor, and so other bits on others.
func rowSum[T tensor.Number](row []T) T {
	switch row := any(row).(type) {
	case []float32:
		return T(laneSum(row))
	case []float64:
		return T(laneSum(row))
	}
	return kernel.Sum(row)
}

func laneSum[T float32 | float64](a []T) T {
	if len(a) > sumRun {
		half := (len(a)/2 + sumRun - 1) / sumRun * sumRun
		return laneSum(a[:half]) + laneSum(a[half:])
	}
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	for ; len(a) >= 8; a = a[8:] {
		p := (*[8]T)(a)
		s0, s1, s2, s3 = s0+p[0], s1+p[1], s2+p[2], s3+p[3]
		s4, s5, s6, s7 = s4+p[4], s5+p[5], s6+p[6], s7+p[7]
	}
	sum := ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
	for _, v := range a {
		sum += v
	}
	return sum
}
