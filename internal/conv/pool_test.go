package conv_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/conv"
)

// checkPool holds a pooling to the definition, at the edges of pages.
func checkPool(t *testing.T, r *rand.Rand) {
	t.Helper()
	batch, height, width, channels := 1+r.IntN(3), 1+r.IntN(12), 1+r.IntN(20), 1+r.IntN(40)
	p := randomPool(r, height, width)
	x := numbers(r, batch*height*width*channels)
	wide := make([]float64, len(x))
	for i, v := range x {
		wide[i] = float64(v)
	}
	want := poolReference(&p, wide, batch, height, width, channels)
	for _, behindFirst := range []bool{false, true} {
		place := fenced(t, behindFirst)
		src, dst := place(len(x)), place(len(want))
		copy(src, x)
		p.Run(dst, src, batch, height, width, channels)
		for i, v := range want {
			if !(math.Abs(v-float64(dst[i])) <= 1e-5) {
				require.Failf(t, "differs", "%+v of %d×%d×%d: element %d is %g, want %g", p, height, width, channels, i, dst[i], v)
			}
		}
		require.Equal(t, x, src)
	}
}

func TestPool(t *testing.T) {
	for seed := range uint64(60) {
		checkPool(t, rand.New(rand.NewPCG(seed, 3)))
	}
}

func FuzzPool(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkPool(t, rand.New(rand.NewPCG(seed, 4))) })
}

// TestPoolOfNaN: a maximum with a NaN under the window is NaN, any other is not.
func TestPoolOfNaN(t *testing.T) {
	x := []float32{1, 2, float32(math.NaN()), 4, 5, 6}
	p := conv.Pool{Window: conv.Window{Size: [2]int{1, 2}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, Height: 1, Width: 5}
	y := make([]float32, 5)
	p.Run(y, x, 1, 1, 6, 1)
	require.True(t, y[1] != y[1] && y[2] != y[2])
	require.Equal(t, []float32{2, 5, 6}, []float32{y[0], y[3], y[4]})
}
