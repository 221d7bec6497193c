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
	"github.com/allocarrays/allocarrays-go/scope"
)

// A sample is a convolution to test, of a batch of images without gaps, and what is behind it.
type sample struct {
	window            conv.Window
	in, out, groups   int
	height, width     int
	before, after     [2]int
	x, weights, bias  []float32
	scale             []float64
	batch             int
	relu, ramp        bool
	pool              conv.Pool
	outHeight, outWid int // of the convolution
}

func (s *sample) String() string {
	return fmt.Sprintf("%+v %d→%d in %d groups, %d of %d×%d, pads %v %v, relu %v, ramp %v, pool %+v", s.window, s.in, s.out, s.groups, s.batch,
		s.height, s.width, s.before, s.after, s.relu, s.ramp, s.pool)
}

func numbers(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

// randomWindow returns one, and padding with which it fits an axis of each length, and how many positions it has.
func randomWindow(r *rand.Rand, size, dilation int, lengths [2]int) (w conv.Window, before, after, positions [2]int) {
	for axis, d := range lengths {
		w.Size[axis], w.Stride[axis], w.Dilation[axis] = 1+r.IntN(size), 1+r.IntN(3), 1+r.IntN(dilation)
		before[axis], after[axis] = r.IntN(4), r.IntN(4)
		after[axis] += max(0, w.Dilation[axis]*(w.Size[axis]-1)+1-d-before[axis]-after[axis])
		positions[axis] = (d+before[axis]+after[axis]-w.Dilation[axis]*(w.Size[axis]-1)-1)/w.Stride[axis] + 1
	}
	return w, before, after, positions
}

// randomSample returns one of each kind.
func randomSample(r *rand.Rand) *sample {
	s := &sample{groups: 1, batch: 1 + r.IntN(3), relu: r.IntN(2) == 0, ramp: r.IntN(2) == 0, height: 1 + r.IntN(20), width: 1 + r.IntN(40)}
	if r.IntN(8) == 0 {
		s.batch = 9 // small images together
	}
	var n [2]int
	s.window, s.before, s.after, n = randomWindow(r, 4, 2, [2]int{s.height, s.width})
	switch s.in, s.out = 1+r.IntN(20), 1+r.IntN(40); r.IntN(5) {
	case 0: // by Winograd's algorithm
		s.window = conv.Window{Size: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
		for axis, d := range [2]int{s.height, s.width} {
			s.after[axis] += max(0, 3-d-s.before[axis]-s.after[axis])
			n[axis] = d + s.before[axis] + s.after[axis] - 2
		}
		s.in, s.out = 16+r.IntN(30), 64+r.IntN(9)
	case 1:
		s.groups, s.out = s.in, s.in
	case 2:
		s.groups = 1 + r.IntN(4)
		s.in, s.out = s.in*s.groups, s.out*s.groups
	}
	s.outHeight, s.outWid = n[0], n[1]
	if r.IntN(3) == 0 {
		s.pool = randomPool(r, s.outHeight, s.outWid)
	}
	if r.IntN(4) == 0 {
		s.scale = make([]float64, s.out)
		for i := range s.scale {
			s.scale[i] = 0.5 + r.Float64()
		}
	}
	s.x = numbers(r, s.batch*s.height*s.width*s.in)
	s.weights = numbers(r, s.out*s.in/s.groups*s.window.Size[0]*s.window.Size[1])
	if r.IntN(4) > 0 {
		s.bias = numbers(r, s.out)
	}
	return s
}

// randomPool returns one of images of that size; all its positions have a pixel.
func randomPool(r *rand.Rand, height, width int) (p conv.Pool) {
	for {
		p = conv.Pool{Mean: r.IntN(2) == 0, Whole: r.IntN(2) == 0}
		var n [2]int
		p.Window, p.Before, _, n = randomWindow(r, 3, 2, [2]int{height, width})
		p.Height, p.Width = n[0], n[1]
		if covers(&p, height, width) {
			return p
		}
	}
}

func covers(p *conv.Pool, height, width int) bool {
	for axis, length := range [2]int{height, width} {
		for i := range [2]int{p.Height, p.Width}[axis] {
			some := false
			for k := range p.Window.Size[axis] {
				at := i*p.Window.Stride[axis] + k*p.Window.Dilation[axis] - p.Before[axis]
				some = some || at >= 0 && at < length
			}
			if !some {
				return false
			}
		}
	}
	return true
}

// ramp is an epilogue: it adds to each element something that depends on where it is.
func ramp(arg any, _ int, part []float32, first int) {
	for i := range part {
		part[i] += rampAt(first+i, arg.(int))
	}
}

// rampAt has the period of an image, so that images are equal alone and in a batch.
func rampAt(i, image int) float32 { return float32(i % image % 7) }

// want computes the definition in float64, and the largest number in it.
func (s *sample) want() (y []float64, most float64) {
	w, per := s.window, s.in/s.groups
	at := func(n, i, j, o int) (sum float64) {
		if s.bias != nil {
			sum = float64(s.bias[o])
		}
		for c := range per {
			for a := range w.Size[0] {
				for b := range w.Size[1] {
					r, q := i*w.Stride[0]+a*w.Dilation[0]-s.before[0], j*w.Stride[1]+b*w.Dilation[1]-s.before[1]
					if r < 0 || r >= s.height || q < 0 || q >= s.width {
						continue
					}
					v := float64(s.x[((n*s.height+r)*s.width+q)*s.in+o/(s.out/s.groups)*per+c]) * float64(s.weights[((o*per+c)*w.Size[0]+a)*w.Size[1]+b])
					if s.scale != nil {
						v *= s.scale[o]
					}
					sum += v
				}
			}
		}
		return sum
	}
	image := s.outHeight * s.outWid * s.out
	for n := range s.batch {
		for i := range s.outHeight {
			for j := range s.outWid {
				for o := range s.out {
					v := at(n, i, j, o)
					most = max(most, math.Abs(v))
					if s.relu {
						v = max(v, 0)
					}
					if s.ramp {
						v += float64(rampAt(len(y), image))
					}
					y = append(y, v)
				}
			}
		}
	}
	if s.pool.Height > 0 {
		y = poolReference(&s.pool, y, s.batch, s.outHeight, s.outWid, s.out)
	}
	return y, max(most, 1)
}

// poolReference pools by the definition.
func poolReference(p *conv.Pool, x []float64, batch, height, width, channels int) (y []float64) {
	w := p.Window
	for n := range batch {
		for i := range p.Height {
			for j := range p.Width {
				for c := range channels {
					sum, most, pixels := 0.0, math.Inf(-1), 0
					for a := range w.Size[0] {
						for b := range w.Size[1] {
							r, q := i*w.Stride[0]+a*w.Dilation[0]-p.Before[0], j*w.Stride[1]+b*w.Dilation[1]-p.Before[1]
							if r >= 0 && r < height && q >= 0 && q < width {
								v := x[((n*height+r)*width+q)*channels+c]
								sum, most, pixels = sum+v, max(most, v), pixels+1
							}
						}
					}
					if p.Whole {
						pixels = w.Size[0] * w.Size[1]
					}
					if !p.Mean {
						sum, pixels = most, 1
					}
					y = append(y, sum/float64(pixels))
				}
			}
		}
	}
	return y
}

// A placer takes memory for n numbers, of any content.
type placer func(n int) []float32

// nans is memory that spoils what reads it.
func nans(n int) []float32 { return spoiled(make([]float32, n)) }

func spoiled(s []float32) []float32 {
	for i := range s {
		s[i] = float32(math.NaN())
	}
	return s
}

// fenced is memory at the edge of a page that cannot be touched.
func fenced(t testing.TB, behindFirst bool) placer {
	return func(n int) []float32 { return spoiled(testenv.Fenced[float32](t, n, behindFirst)) }
}

// filters packs the weights.
func (s *sample) filters() *conv.Filters {
	return conv.NewFilters(s.window, s.in, s.out, s.groups, s.weights, s.bias, s.scale)
}

// run computes images in memory of place, with helpers that may be nil.
func (s *sample) run(t testing.TB, f *conv.Filters, batch int, x []float32, place placer, h scope.Helpers) []float32 {
	t.Helper()
	c, ok := conv.New(f, s.height, s.width, s.before, s.after)
	require.True(t, ok)
	height, width := c.Size()
	require.Equal(t, []int{s.outHeight, s.outWid}, []int{height, width})
	table := testenv.Fenced[int32](t, c.Table(), false)
	c.SetTable(table)
	g := conv.Stage{Conv: c, Batch: batch, ReLU: s.relu, Pool: s.pool, X: place(len(x))}
	copy(g.X, x)
	if s.ramp {
		g.After, g.Arg = ramp, height*width*s.out
	}
	_, alone := g.Cut(nil)
	workers, room := g.Cut(h)
	if s.pool.Height == 0 {
		require.LessOrEqual(t, room, alone, "more workers need no more each")
	}
	size := height * width * s.out
	if s.pool.Height > 0 {
		size = s.pool.Height * s.pool.Width * s.out
	}
	g.Dst, g.Rooms = place(batch*size), pieces.NewRooms(place(workers*room), room)
	g.Run()
	require.Equal(t, x, g.X, "the input is as it was")
	return g.Dst
}
