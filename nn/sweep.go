package nn

import (
	"context"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// A sweep is one use of a Conv2D: it computes any lines of the output.
type sweep struct {
	c             *Conv2D
	f             *filters
	act           gemm.Activation
	x             []float32 // the images, contiguous
	in            plane     // the size of one of them
	height, width int       // of the output

	room     []float32 // for lines with padding; nil if there is none; for each worker
	roomSize int
	segs     []int32 // where the segments of a patch begin
	tiling           // for Winograd
}

// newSweep begins the convolution of x, which is contiguous and which c takes.
func newSweep(c *Conv2D, f *filters, act gemm.Activation, x Tensor) (s sweep) {
	s = sweep{c: c, f: f, act: act, x: x.Data(), in: plane{x.Dim(1), x.Dim(2), x.Dim(3)}}
	s.height, s.width = c.window.fit(x)
	if n := s.padded().len(); n > math.MaxInt32 {
		panic(fmt.Sprintf("nn: %v: image of %d elements, padding included, want at most %d", c, n, math.MaxInt32))
	}
	return s
}

// padded is the size of an image with its padding.
func (s *sweep) padded() plane {
	p := s.c.window.Padding
	return plane{s.in.height + 2*p[0], s.in.width + 2*p[1], s.in.channels}
}

// multiplyAdds is what a batch takes by the definition.
func (s *sweep) multiplyAdds(batch int) float64 {
	return float64(batch) * float64(s.height*s.width) * float64(s.c.weight.Len())
}

// prepare takes the memory for so many workers and lines of so many images at a time.
func (s *sweep) prepare(ctx context.Context, workers, images, lines int) {
	if s.f.winograd != nil {
		s.prepareTiles(ctx, workers, images, lines)
		return
	}
	if s.f.depthwise != nil {
		return
	}
	p := s.padded()
	if s.c.window.Padding != [2]int{} {
		s.roomSize = images * s.under(lines) * p.line()
		s.room = floats(ctx, workers*s.roomSize)
	}
	if !s.c.isPointwise() {
		s.segs = s.segmentOffsets(ctx)
	}
}

// of returns the sweep with the memory of one worker.
func (s *sweep) of(worker int) sweep {
	w := *s
	if s.room != nil {
		w.room = s.room[worker*s.roomSize:][:s.roomSize]
	}
	if s.tilesSize > 0 {
		w.tiles, w.results = s.tiles[worker*s.tilesSize:][:s.tilesSize], s.results[worker*s.resultsSize:][:s.resultsSize]
	}
	return w
}

// under is the number of lines of a padded image that so many lines of the output depend on.
func (s *sweep) under(lines int) int {
	w := s.c.window
	return (lines-1)*w.Stride[0] + (w.Size[0]-1)*w.Dilation[0] + 1
}

// A piece of the output is computed at a time: about so many bytes, but so many rows of the
// product, if there are, that the filters are read often enough from the cache. Eight images
// of 4×4×64 under 128 filters of 4×4, which give one pixel each, take less than half of the
// time together.
const (
	sweepBytes = 64 << 10
	sweepRows  = 256
)

// atATime is how many lines should be computed at a time. It may be more than there are, and is
// even.
func (s *sweep) atATime() int {
	if s.f.winograd != nil {
		return s.tiledLines()
	}
	n := max(1, sweepBytes/(4*s.width*s.c.Out()), (sweepRows+s.width-1)/s.width)
	return (n + 1) &^ 1
}

// lines sets dst to the lines from ≤ i < to of images n and following; to all lines, if it is
// several images. from is even.
func (s *sweep) lines(dst []float32, n, images, from, to int) {
	if s.f.winograd != nil {
		s.tiled(dst, n, images, from, to)
		return
	}
	if s.f.depthwise != nil {
		s.depthwise(dst, n, images, from, to)
		return
	}
	w, out := s.c.window, s.c.Out()
	size, first, p := s.in.len(), from*w.Stride[0], s.padded()
	a, step := s.x[n*size:], size
	if s.room == nil {
		a = a[first*p.line() : (images-1)*size+(first+s.under(to-from))*p.line()]
	} else {
		step = s.under(to-from) * p.line()
		for i := range images {
			s.pad(s.room[i*step:(i+1)*step], a[i*size:(i+1)*size], first)
		}
		a = s.room[:images*step]
	}
	if s.c.isPointwise() {
		s.f.packed[0].Mul(dst, out, a, p.channels, len(a)/p.channels, s.f.bias, s.act)
		return
	}
	g := gemm.Grid{Images: images, Height: to - from, Width: s.width, Image: step,
		Line: w.Stride[0] * p.line(), Pixel: w.Stride[1] * p.channels}
	var bias []float32
	for i, b := range s.f.packed {
		first := i * out / s.c.groups
		if s.f.bias != nil {
			bias = s.f.bias[first:][:out/s.c.groups]
		}
		b.MulGrid(dst[first:], out, a[i*p.channels/s.c.groups:], g, s.segs, bias, s.act)
	}
}

// pad sets dst to lines of the padded image, from the first one on.
func (s *sweep) pad(dst, image []float32, first int) {
	top, left, length, inside := s.c.window.Padding[0], s.c.window.Padding[1]*s.in.channels, s.padded().line(), s.in.line()
	for ; len(dst) > 0; first++ {
		line := dst[:length]
		dst = dst[length:]
		if r := first - top; r < 0 || r >= s.in.height {
			clear(line)
		} else {
			clear(line[:left])
			copy(line[left:], image[r*inside:(r+1)*inside])
			clear(line[left+inside:])
		}
	}
}

// segmentOffsets returns where the contiguous segments of a patch begin, relative
// to the patch: one for each line of the window, or for each of its pixels if they, or
// the channels of a group, are apart.
func (s *sweep) segmentOffsets(ctx context.Context) []int32 {
	w, p := s.c.window, s.padded()
	perLine := w.Size[1]
	if w.Dilation[1] == 1 && s.c.groups == 1 {
		perLine = 1
	}
	segs := allocarray.AllocArray[int32]{}.Similar(ctx, w.Size[0]*perLine).Data()
	for i := range segs {
		segs[i] = int32(i/perLine*w.Dilation[0]*p.line() + i%perLine*w.Dilation[1]*p.channels)
	}
	return segs
}

// floats returns memory from ctx, with any content.
func floats(ctx context.Context, n int) []float32 { return Tensor{}.Similar(ctx, n).Data() }

// A plane is the size of an image.
type plane struct{ height, width, channels int }

func (p plane) line() int { return p.width * p.channels }
func (p plane) len() int  { return p.height * p.line() }
