package nn

import (
	"context"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// quantizedWeights returns rows of k weights, one for each output, as bytes between -127 and 127, and the scales of the
// rows: each is what the largest weight in it needs. A weight that is NaN or infinite panics.
func quantizedWeights(function, name string, w []float32, k, out int) (bytes []int8, scales []float32) {
	bytes = make([]int8, k*out)
	for o := range out {
		most := float32(0)
		row := w[o*k:][:k]
		for i, v := range row {
			if v-v != 0 {
				panic(fmt.Sprintf("nn: %s %q: weight %d of output %d is %v", function, name, i, o, v))
			}
			most = max(most, v, -v)
		}
		scale := most / 127
		if scale == 0 {
			scale = 1
		}
		scales = append(scales, scale)
		for i, v := range row {
			bytes[o*k+i] = int8(min(max(math.RoundToEven(float64(v/scale)), -127), 127))
		}
	}
	return bytes, scales
}

// staticFor is the quantization of a Static layer. It panics if scale is not positive and finite.
func staticFor(layer Shaper, scale float32, zero uint8) *kernel.Quantization {
	if !(scale > 0) || math.IsInf(float64(scale), 1) {
		panic(fmt.Sprintf("nn: %v: scale %v must be positive", layer, scale))
	}
	return &kernel.Quantization{Scale: scale, Zero: zero}
}

// quantizationOf returns static or, if it is nil, the quantization that x needs.
func quantizationOf(static *kernel.Quantization, x []float32) kernel.Quantization {
	if static != nil {
		return *static
	}
	if len(x) == 0 {
		return kernel.QuantizationFor(0, 0)
	}
	return kernel.QuantizationFor(kernel.MinOf(x), kernel.MaxOf(x))
}

// biasOr0 returns a copy of a bias, or as many zeros.
func biasOr0(bias Tensor, out int) []float32 {
	b := make([]float32, out)
	copy(b, elements(bias))
	return b
}

// integers takes memory for units or sums.
func integers(ctx context.Context, n int) allocarray.AllocArray[int32] {
	return allocarray.AllocArray[int32]{}.Similar(ctx, n)
}

// apart is the distance of rows of so many sums: rows at distances of a power of two would share
// the lines of a cache.
func apart(n int) int { return n + 16 }
