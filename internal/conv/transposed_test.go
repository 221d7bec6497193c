package conv_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A turned is a transposed convolution to test.
type turned struct {
	window           conv.Window
	before, to       [2]int
	in, out, groups  int
	height, width    int
	batch            int
	x, weights, bias []float32
	scale            []float64
	relu, ramp       bool
}

func (s *turned) String() string {
	return fmt.Sprintf("%+v %d→%d in %d groups, %d of %d×%d, to %v without %v", s.window, s.in, s.out, s.groups, s.batch, s.height, s.width, s.to, s.before)
}

func randomTurned(r *rand.Rand) *turned {
	s := &turned{groups: 1, batch: 1 + r.IntN(3), relu: r.IntN(2) == 0, ramp: r.IntN(2) == 0, height: 1 + r.IntN(9), width: 1 + r.IntN(12), in: 1 + r.IntN(20), out: 1 + r.IntN(20)}
	blocks := r.IntN(3) == 0
	if !blocks && r.IntN(2) == 0 {
		s.groups = 1 + r.IntN(4)
		s.in, s.out = s.in*s.groups, s.out*s.groups
	}
	for axis, d := range [2]int{s.height, s.width} {
		w := &s.window
		w.Size[axis], w.Stride[axis], w.Dilation[axis] = 1+r.IntN(4), 1+r.IntN(4), 1+r.IntN(3)
		if blocks {
			w.Stride[axis], w.Dilation[axis] = w.Size[axis], 1
		}
		if !blocks || axis == 0 {
			s.before[axis] = r.IntN(4)
		}
		full := (d-1)*w.Stride[axis] + w.Dilation[axis]*(w.Size[axis]-1) + 1
		s.to[axis] = max(1, full-s.before[axis]-r.IntN(4)+r.IntN(4))
	}
	s.x = numbers(r, s.batch*s.height*s.width*s.in)
	s.weights = numbers(r, s.in*s.out/s.groups*s.window.Size[0]*s.window.Size[1])
	if r.IntN(3) > 0 {
		s.bias = numbers(r, s.out)
	}
	if r.IntN(3) == 0 {
		s.scale = make([]float64, s.out)
		for i := range s.scale {
			s.scale[i] = 0.5 + r.Float64()
		}
	}
	return s
}

// want adds each pixel's multiple of the window.
func (s *turned) want() (y []float64, most float64) {
	w, each, per := s.window, s.out/s.groups, s.in/s.groups
	y = make([]float64, s.batch*s.to[0]*s.to[1]*s.out)
	if s.bias != nil {
		for i := range y {
			y[i] = float64(s.bias[i%s.out])
		}
	}
	for i, v := range s.x {
		c, q, p, n := i%s.in, i/s.in%s.width, i/s.in/s.width%s.height, i/s.in/s.width/s.height
		for r := range w.Size[0] {
			for t := range w.Size[1] {
				a, b := p*w.Stride[0]+r*w.Dilation[0]-s.before[0], q*w.Stride[1]+t*w.Dilation[1]-s.before[1]
				if a < 0 || b < 0 || a >= s.to[0] || b >= s.to[1] {
					continue
				}
				for o := range each {
					m := float64(v) * float64(s.weights[((c*each+o)*w.Size[0]+r)*w.Size[1]+t])
					if s.scale != nil {
						m *= s.scale[c/per*each+o]
					}
					y[((n*s.to[0]+a)*s.to[1]+b)*s.out+c/per*each+o] += m
				}
			}
		}
	}
	for i := range y {
		most = max(most, math.Abs(y[i]))
		if s.relu {
			y[i] = max(y[i], 0)
		}
		if s.ramp {
			y[i] += float64(rampAt(i, len(y)/s.batch))
		}
	}
	return y, max(1, most)
}

func (s *turned) run(t testing.TB, f *conv.TransposedFilters, batch int, x []float32, place placer, h scope.Helpers) []float32 {
	t.Helper()
	g, ok := conv.NewTransposed(f, s.height, s.width, s.to)
	require.True(t, ok)
	g.SetTable(testenv.Fenced[int32](t, g.Table(), false))
	g.Batch, g.ReLU, g.X = batch, s.relu, place(len(x))
	copy(g.X, x)
	size := s.to[0] * s.to[1] * s.out
	if s.ramp {
		g.After, g.Arg = ramp, size
	}
	_, alone := g.Cut(nil)
	workers, room := g.Cut(h)
	require.LessOrEqual(t, room, alone, "more workers need no more each")
	g.Dst, g.Rooms = place(batch*size), pieces.NewRooms(place(workers*room), room)
	g.Run()
	require.Equal(t, x, g.X, "the input is as it was")
	return g.Dst
}

func (s *turned) check(t testing.TB) {
	t.Helper()
	f := conv.NewTransposedFilters(s.window, s.before, s.in, s.out, s.groups, s.weights, s.bias, s.scale)
	got := s.run(t, f, s.batch, s.x, nans, nil)
	want, most := s.want()
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
}

func TestTransposed(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		randomTurned(rand.New(rand.NewPCG(seed, 1))).check(t)
	}
}

func FuzzTransposed(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, seed, more uint64) { randomTurned(rand.New(rand.NewPCG(seed, more))).check(t) })
}

// TestTransposedHelped: the same bits with workers, where it is large enough for some.
func TestTransposedHelped(t *testing.T) {
	for name, s := range map[string]*turned{
		"blocks":   {window: conv.Window{Size: [2]int{2, 2}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}}, to: [2]int{80, 82}, groups: 1},
		"overlaps": {window: conv.Window{Size: [2]int{4, 4}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}}, before: [2]int{1, 1}, to: [2]int{80, 82}, groups: 1},
		"grouped":  {window: conv.Window{Size: [2]int{3, 3}, Stride: [2]int{2, 1}, Dilation: [2]int{1, 2}}, to: [2]int{81, 45}, groups: 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(8, 9))
			s.in, s.out, s.height, s.width, s.batch, s.ramp = 20, 24, 40, 41, 2, true
			s.x, s.weights, s.bias = numbers(r, s.batch*s.height*s.width*s.in), numbers(r, s.in*s.out/s.groups*s.window.Size[0]*s.window.Size[1]), numbers(r, s.out)
			f := conv.NewTransposedFilters(s.window, s.before, s.in, s.out, s.groups, s.weights, s.bias, nil)
			want := s.run(t, f, s.batch, s.x, nans, nil)
			for _, workers := range []int{2, 5} {
				h := &trial.Helpers{N: workers}
				require.Equal(t, want, s.run(t, f, s.batch, s.x, fenced(t, true), h), "%d workers", workers)
				require.Equal(t, 1, h.Used)
			}
		})
	}
}

func TestNewTransposedRefuses(t *testing.T) {
	w := conv.Window{Size: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	f := conv.NewTransposedFilters(w, [2]int{}, 1, 1, 1, make([]float32, 9), nil, nil)
	_, ok := conv.NewTransposed(f, 4, 1<<30, [2]int{6, 5})
	require.False(t, ok, "offsets are of 32 bits")
}
