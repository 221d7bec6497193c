package conv_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
)

// A sample is a convolution to test.
type sample struct {
	window                 conv.Window
	in, out, groups        int
	height, width          int
	before, after          [2]int
	x, weights, bias       []float32
	batch                  int
	relu                   bool
	outHeight, outWidth, k int
}

func numbers(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

// randomSample returns one that a window fits.
func randomSample(r *rand.Rand) *sample {
	two := func(n int) [2]int { return [2]int{1 + r.IntN(n), 1 + r.IntN(n)} }
	s := &sample{window: conv.Window{Size: two(4), Stride: two(3), Dilation: two(2)}, groups: 1, batch: 1 + r.IntN(3), relu: r.IntN(2) == 0}
	s.height, s.width = 1+r.IntN(20), 1+r.IntN(40)
	switch s.in, s.out = 1+r.IntN(20), 1+r.IntN(40); r.IntN(5) {
	case 0: // by Winograd's algorithm
		s.window = conv.Window{Size: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
		s.in, s.out = 16+r.IntN(30), 64+r.IntN(9)
	case 1:
		s.groups, s.out = s.in, s.in
	case 2:
		s.groups = 1 + r.IntN(4)
		s.in, s.out = s.in*s.groups, s.out*s.groups
	}
	for axis, d := range [2]int{s.height, s.width} {
		s.before[axis], s.after[axis] = r.IntN(4), r.IntN(4)
		span := s.window.Dilation[axis]*(s.window.Size[axis]-1) + 1
		s.after[axis] += max(0, span-d-s.before[axis]-s.after[axis])
		n := (d+s.before[axis]+s.after[axis]-span)/s.window.Stride[axis] + 1
		if axis == 0 {
			s.outHeight = n
		} else {
			s.outWidth = n
		}
	}
	s.k = s.in / s.groups * s.window.Size[0] * s.window.Size[1]
	s.x = numbers(r, s.batch*s.height*s.width*s.in)
	s.weights, s.bias = numbers(r, s.out*s.k), numbers(r, s.out)
	return s
}

// want computes the definition.
func (s *sample) want() []float64 {
	var y []float64
	w, per := s.window, s.in/s.groups
	for n := range s.batch {
		for i := range s.outHeight {
			for j := range s.outWidth {
				for o := range s.out {
					sum := float64(s.bias[o])
					for c := range per {
						for a := range w.Size[0] {
							for b := range w.Size[1] {
								r, q := i*w.Stride[0]+a*w.Dilation[0]-s.before[0], j*w.Stride[1]+b*w.Dilation[1]-s.before[1]
								if r < 0 || r >= s.height || q < 0 || q >= s.width {
									continue
								}
								v := s.x[((n*s.height+r)*s.width+q)*s.in+o/(s.out/s.groups)*per+c]
								sum += float64(v) * float64(s.weights[((o*per+c)*w.Size[0]+a)*w.Size[1]+b])
							}
						}
					}
					if s.relu {
						sum = max(sum, 0)
					}
					y = append(y, sum)
				}
			}
		}
	}
	return y
}

// stage returns the computation of a batch of s, without memory.
func (s *sample) stage(t *testing.T, f *conv.Filters, batch int) conv.Stage {
	t.Helper()
	c, ok := conv.New(f, s.height, s.width, s.before, s.after)
	require.True(t, ok)
	height, width := c.Size()
	require.Equal(t, []int{s.outHeight, s.outWidth}, []int{height, width})
	c.SetTable(make([]int32, c.Table()))
	return conv.Stage{Conv: c, Batch: batch, ReLU: s.relu}
}

// run computes a batch, with work memory of NaN.
func (s *sample) run(t *testing.T, f *conv.Filters, batch int, x []float32) []float32 {
	t.Helper()
	g := s.stage(t, f, batch)
	workers, room := g.Cut(nil)
	require.Equal(t, 1, workers)
	g.X, g.Dst, g.Rooms = x, nans(batch*s.outHeight*s.outWidth*s.out), pieces.NewRooms(nans(room), room)
	g.Run()
	return g.Dst
}

func nans(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(math.NaN())
	}
	return s
}

func TestConv(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 60
	}
	for seed := range seeds {
		s := randomSample(rand.New(rand.NewPCG(seed, 1)))
		name := fmt.Sprintf("seed %d: %+v %d→%d in %d groups, %d of %d×%d, pads %v %v", seed, s.window, s.in, s.out, s.groups, s.batch, s.height, s.width, s.before, s.after)
		f := conv.NewFilters(s.window, s.in, s.out, s.groups, s.weights, s.bias, nil)
		got, want := s.run(t, f, s.batch, s.x), s.want()
		most := 1.0
		for _, v := range want {
			most = max(most, math.Abs(v))
		}
		for i, v := range want {
			if math.Abs(v-float64(got[i])) > 4e-6*most {
				require.Failf(t, "differs", "%s: element %d is %g, want %g", name, i, got[i], v)
			}
		}
		each := len(got) / s.batch
		for n := range s.batch { // the same bits alone
			alone := s.run(t, f, 1, s.x[n*len(s.x)/s.batch:(n+1)*len(s.x)/s.batch])
			require.Equal(t, got[n*each:(n+1)*each], alone, name)
		}
	}
}

func TestScale(t *testing.T) {
	s := randomSample(rand.New(rand.NewPCG(7, 2)))
	scale, scaled := make([]float64, s.out), make([]float32, len(s.weights))
	for o := range scale {
		scale[o] = 0.5 + float64(o)
		for i := range s.k {
			scaled[o*s.k+i] = float32(float64(s.weights[o*s.k+i]) * scale[o])
		}
	}
	a := conv.NewFilters(s.window, s.in, s.out, s.groups, s.weights, s.bias, scale)
	b := conv.NewFilters(s.window, s.in, s.out, s.groups, scaled, s.bias, nil)
	assert.Equal(t, s.run(t, b, s.batch, s.x), s.run(t, a, s.batch, s.x))
}

func TestNewRefusesWindowsThatDoNotFit(t *testing.T) {
	f := conv.NewFilters(conv.Window{Size: [2]int{5, 5}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, 1, 1, 1, make([]float32, 25), nil, nil)
	_, ok := conv.New(f, 4, 9, [2]int{}, [2]int{})
	assert.False(t, ok)
	_, ok = conv.New(f, 1<<20, 1<<20, [2]int{}, [2]int{})
	assert.False(t, ok, "offsets are of 32 bits")
	_, ok = conv.New(f, 9, 9, [2]int{-1, 0}, [2]int{})
	assert.False(t, ok)
	_, ok = conv.New(f, 4, 9, [2]int{1, 0}, [2]int{})
	assert.True(t, ok)
}
