package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// activations are the functions of activation.go and their formulas.
var activations = map[string]struct {
	run  func(dst, a []float32)
	want func(x float64) float64
}{
	"LeakyReLU": {func(dst, a []float32) { kernel.LeakyReLU(dst, a, 0.01) }, func(x float64) float64 {
		if x < 0 {
			return x * float64(float32(0.01))
		}
		return x
	}},
	"SiLU": {kernel.SiLU, func(x float64) float64 {
		if x < -700 {
			return 0
		}
		return x / (1 + math.Exp(-x))
	}},
	"ELU": {func(dst, a []float32) { kernel.ELU(dst, a, 1.5) }, func(x float64) float64 {
		if x > 0 {
			return x
		}
		return 1.5 * math.Expm1(x)
	}},
	"Softplus": {func(dst, a []float32) { kernel.Softplus(dst, a, 0.5, 20) }, func(x float64) float64 {
		if x*0.5 > 20 {
			return x
		}
		return 2 * math.Log1p(math.Exp(x*0.5))
	}},
	"HardSigmoid": {func(dst, a []float32) { kernel.HardSigmoid(dst, a, 0.25, 0.5) }, func(x float64) float64 {
		return math.Max(0, math.Min(1, x*0.25+0.5))
	}},
	"HardSwish": {kernel.HardSwish, func(x float64) float64 {
		if x < -3 {
			return 0
		}
		return x * math.Max(0, math.Min(1, (x+3)/6))
	}},
}

// TestActivations compares on a sweep of all bit patterns, NaN and infinities included, alone and in
// a slice, in place and not, with float64 arithmetic.
func TestActivations(t *testing.T) {
	var src []float32
	for b := uint64(0); b < 1<<32; b += 40961 {
		src = append(src, math.Float32frombits(uint32(b)))
	}
	src = append(src, float32(math.Inf(1)), float32(math.Inf(-1)), 0, 3, -3, 6, -6, 40, 41, 2, -2, -87, -88, -104)
	one := make([]float32, 1)
	for name, f := range activations {
		t.Run(name, func(t *testing.T) {
			dst, intact := guarded[float32](t, len(src), 1)
			f.run(dst, src)
			for i, x := range src {
				require.LessOrEqual(t, ulps(f.want(float64(x)), dst[i]), 0.51, "of %g: got %g", x, dst[i])
				if i%16 == 0 {
					f.run(one, src[i:i+1])
					requireSame(t, dst[i:i+1], one, false, "alone and in a slice", x)
				}
			}
			copied := append([]float32{}, src...)
			f.run(copied, copied)
			requireSame(t, dst, copied, false, "in place")
			intact()
			require.Panics(t, func() { f.run(dst, src[1:len(src):len(src)]) }, "too short a source")
			zeroAllocs(t, len(dst), name, func() { f.run(dst[:100], src) })
		})
	}
}
