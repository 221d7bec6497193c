package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// TestGates compares on a sweep of all bit patterns, NaN and infinities included, with float64 arithmetic.
func TestGates(t *testing.T) {
	var src []float32
	for b := uint64(0); b < 1<<32; b += 40961 {
		src = append(src, math.Float32frombits(uint32(b)))
	}
	for i := -10000; i < 10000; i++ { // where they change
		src = append(src, float32(i)/1000)
	}
	for _, f := range []struct {
		name string
		run  func(dst, a []float32)
		want func(x float64) float64
		tol  float64
		ends [2]float32
	}{
		{"sigmoid", kernel.GateSigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 1.5e-7, [2]float32{0, 1}},
		{"tanh", kernel.GateTanh, math.Tanh, 3e-7, [2]float32{-1, 1}},
	} {
		t.Run(f.name, func(t *testing.T) {
			dst, intact := guarded[float32](t, len(src), 1)
			f.run(dst, src)
			worst := 0.0
			for i, x := range src {
				if x != x {
					require.True(t, dst[i] != dst[i], "of NaN: %v", dst[i])
					continue
				}
				worst = max(worst, math.Abs(f.want(float64(x))-float64(dst[i])))
				require.True(t, dst[i] >= f.ends[0] && dst[i] <= f.ends[1], "of %g: %g", x, dst[i])
			}
			t.Logf("within %.2g", worst)
			require.LessOrEqual(t, worst, f.tol)
			inf := float32(math.Inf(1))
			one := []float32{-inf, inf}
			f.run(one, one)
			require.Equal(t, f.ends[:], one)
			copied := append([]float32{}, src...)
			f.run(copied, copied)
			requireSame(t, dst, copied, false, "in place")
			for i := 0; i < len(src); i += 1001 {
				f.run(one[:1], src[i:])
				requireSame(t, dst[i:i+1], one[:1], false, "alone", src[i])
			}
			intact()
			f.run(nil, nil)
			require.Panics(t, func() { f.run(dst, src[1:len(src):len(src)]) })
			zeroAllocs(t, 100, f.name, func() { f.run(dst[:100], src) })
		})
	}
}

// BenchmarkGates compares them with the functions that are accurate to the last place.
func BenchmarkGates(b *testing.B) {
	x, y := make([]float32, 512), make([]float32, 512)
	for i := range x {
		x[i] = float32(i-256) / 64
	}
	b.Run("GateSigmoid", func(b *testing.B) {
		for b.Loop() {
			kernel.GateSigmoid(y, x)
		}
	})
	b.Run("Sigmoid", func(b *testing.B) {
		for b.Loop() {
			kernel.UnaryFloat(kernel.Sigmoid, y, x)
		}
	})
	b.Run("GateTanh", func(b *testing.B) {
		for b.Loop() {
			kernel.GateTanh(y, x)
		}
	})
	b.Run("Tanh", func(b *testing.B) {
		for b.Loop() {
			kernel.UnaryFloat(kernel.Tanh, y, x)
		}
	})
}
