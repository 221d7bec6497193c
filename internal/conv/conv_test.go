package conv_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
)

// check holds a sample to the definition, and to the same bits alone, at the edges of pages and with helpers.
func (s *sample) check(t testing.TB) {
	t.Helper()
	f := s.filters()
	got := s.run(t, f, s.batch, s.x, nans, nil)
	want, most := s.want()
	require.Len(t, got, len(want), "%v", s)
	for i, v := range want {
		if !(math.Abs(v-float64(got[i])) <= 4e-6*most) {
			require.Failf(t, "differs", "%v: element %d is %g, want %g", s, i, got[i], v)
		}
	}
	each := len(got) / s.batch
	for n := range s.batch {
		alone := s.run(t, f, 1, s.x[n*len(s.x)/s.batch:(n+1)*len(s.x)/s.batch], nans, nil)
		require.Equal(t, got[n*each:(n+1)*each], alone, "image %d alone of %v", n, s)
	}
	for _, behindFirst := range []bool{false, true} {
		require.Equal(t, got, s.run(t, f, s.batch, s.x, fenced(t, behindFirst), nil), "fenced: %v", s)
	}
	for _, workers := range []int{2, 5} {
		require.Equal(t, got, s.run(t, f, s.batch, s.x, fenced(t, false), &trial.Helpers{N: workers}), "%d N: %v", workers, s)
	}
}

func TestStage(t *testing.T) {
	seeds := uint64(250)
	if testing.Short() {
		seeds = 50
	}
	for seed := range seeds {
		randomSample(rand.New(rand.NewPCG(seed, 1))).check(t)
	}
}

func FuzzStage(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, seed, more uint64) { randomSample(rand.New(rand.NewPCG(seed, more))).check(t) })
}

// TestStageHelped has samples that are large enough for helpers, of each algorithm and each kind of pieces.
func TestStageHelped(t *testing.T) {
	three := conv.Window{Size: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	one := conv.Window{Size: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	pool := func(s *sample) {
		s.pool = conv.Pool{Window: conv.Window{Size: [2]int{3, 3}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}}, Before: [2]int{1, 1},
			Height: (s.height + 1) / 2, Width: (s.width + 1) / 2}
	}
	for name, c := range map[string]struct {
		window               conv.Window
		in, out, groups      int
		batch, height, width int
		pooled, together     bool
	}{
		"winograd in bands":      {three, 33, 70, 1, 1, 61, 60, false, false},
		"winograd, pooled":       {three, 33, 70, 1, 2, 61, 60, true, false},
		"winograd in images":     {three, 33, 70, 1, 17, 5, 6, false, false},
		"large filters":          {three, 130, 150, 1, 3, 9, 7, true, true},
		"one panel of filters":   {three, 1100, 32, 1, 1, 7, 7, false, true},
		"depthwise":              {three, 70, 70, 70, 2, 61, 60, false, false},
		"depthwise, pooled":      {three, 70, 70, 70, 2, 61, 60, true, false},
		"pointwise":              {one, 33, 70, 1, 2, 61, 60, false, false},
		"grouped":                {three, 64, 32, 4, 2, 31, 30, false, false},
		"product in bands":       {three, 9, 50, 1, 1, 90, 41, true, false},
		"product of many images": {three, 9, 50, 1, 40, 9, 8, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 5))
			s := &sample{window: c.window, in: c.in, out: c.out, groups: c.groups, batch: c.batch, height: c.height, width: c.width, relu: true, ramp: true,
				outHeight: c.height, outWid: c.width}
			for axis := range 2 {
				s.before[axis], s.after[axis] = c.window.Size[axis]/2, c.window.Size[axis]/2
			}
			s.x = numbers(r, s.batch*s.height*s.width*s.in)
			s.weights, s.bias = numbers(r, s.out*s.in/s.groups*s.window.Size[0]*s.window.Size[1]), numbers(r, s.out)
			if c.pooled {
				pool(s)
			}
			f := s.filters()
			want := s.run(t, f, s.batch, s.x, nans, nil)
			for _, h := range []*trial.Helpers{{N: 2}, {N: 5}, {N: 2, Alone: true}, {N: 5, Alone: true}} {
				require.Equal(t, want, s.run(t, f, s.batch, s.x, fenced(t, true), h), "%+v", h)
				require.Positive(t, h.Used, "helpers were asked")
				require.True(t, h.Used == 1 || c.together, "once, unless they compute bands together")
			}
		})
	}
}

// TestScale: it is as if the weights had been multiplied before.
func TestScale(t *testing.T) {
	s := randomSample(rand.New(rand.NewPCG(7, 2)))
	scaled := *s
	s.scale, scaled.scale, scaled.weights = make([]float64, s.out), nil, make([]float32, len(s.weights))
	k := len(s.weights) / s.out
	for o := range s.scale {
		s.scale[o] = 0.5 + float64(o)
		for i := range k {
			scaled.weights[o*k+i] = float32(float64(s.weights[o*k+i]) * s.scale[o])
		}
	}
	assert.Equal(t, scaled.run(t, scaled.filters(), s.batch, s.x, nans, nil), s.run(t, s.filters(), s.batch, s.x, nans, nil))
}

func TestNewRefuses(t *testing.T) {
	f := conv.NewFilters(conv.Window{Size: [2]int{5, 5}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, 1, 1, 1, make([]float32, 25), nil, nil)
	for name, c := range map[string]struct {
		height, width int
		before        [2]int
		ok            bool
	}{
		"too small":        {height: 4, width: 9},
		"with padding":     {height: 4, width: 9, before: [2]int{1, 0}, ok: true},
		"too large":        {height: 1 << 20, width: 1 << 20},
		"negative padding": {height: 9, width: 9, before: [2]int{-1, 0}},
		"no pixels":        {height: 9, before: [2]int{0, 9}},
	} {
		_, ok := conv.New(f, c.height, c.width, c.before, [2]int{})
		assert.Equal(t, c.ok, ok, name)
	}
}

// TestNoImages: a batch of none is nothing to do.
func TestNoImages(t *testing.T) {
	s := randomSample(rand.New(rand.NewPCG(1, 1)))
	require.Empty(t, s.run(t, s.filters(), 0, []float32{}, nans, &trial.Helpers{N: 2}))
}
