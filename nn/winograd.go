package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A convolution of 3×3 between enough channels is computed by Winograd's F(2×2, 3×3): it takes
// 16 products for four pixels, where the definition takes 36, and is within 2e-6 of it, relative
// to the largest output. Which of the two it is depends on the layer alone, so that
// a pixel has the same bits in every batch and on every processor.
const winogradChannels = 32

// isWinograd reports whether the layer is computed that way.
func (c *Conv2D) isWinograd() bool {
	w := c.window
	return c.groups == 1 && w.Size == [2]int{3, 3} && w.Stride == [2]int{1, 1} && w.Dilation == [2]int{1, 1} &&
		min(c.In(), c.Out()) >= winogradChannels
}

// winograd are filters in the 16 planes G·g·Gᵀ of each filter g, where
//
//	G = |  1    0    0  |
//	    | 1/2  1/2  1/2 |
//	    | 1/2 -1/2  1/2 |
//	    |  0    0    1  |
type winograd struct {
	planes [16]*gemm.Packed[float32] // of in rows and out columns
	bias   []float32                 // zeros for none
}

// newWinograd transforms weights of out×3×3×in. Sums are of float64, and the products by 1/2
// exact, so that nothing depends on the processor.
func newWinograd(w, bias []float32, in, out int) *winograd {
	planes := make([][]float32, 16)
	for p := range planes {
		planes[p] = make([]float32, in*out)
	}
	for o := range out {
		for c := range in {
			var g [3][3]float64
			for i := range 9 {
				g[i/3][i%3] = float64(w[(o*9+i)*in+c])
			}
			var rows [4][3]float64 // G·g
			for j := range 3 {
				rows[0][j], rows[1][j], rows[2][j], rows[3][j] = winogradFilter(g[0][j], g[1][j], g[2][j])
			}
			for i, r := range rows {
				var x [4]float64
				x[0], x[1], x[2], x[3] = winogradFilter(r[0], r[1], r[2])
				for j, v := range x {
					planes[4*i+j][c*out+o] = float32(v)
				}
			}
		}
	}
	f := &winograd{bias: bias}
	if bias == nil {
		f.bias = make([]float32, out)
	}
	for p := range planes {
		f.planes[p] = gemm.Pack(planes[p], in, out, out, 1)
	}
	return f
}

// winogradFilter is G times a column.
func winogradFilter(a, b, c float64) (w, x, y, z float64) {
	return a, (a + b + c) / 2, (a - b + c) / 2, c
}

// winogradBytes is how much the planes of some tiles and of their results may take: a good part of
// a second-level cache.
const winogradBytes = 900 << 10

// A tiling is what a sweep needs for Winograd.
type tiling struct {
	tiles, results           []float32 // 16 planes each, for each worker
	tilesSize, resultsSize   int       // of a worker
	tilesPlane, resultsPlane int       // elements from one plane to the next

	helpers scope.Helpers // share the filters, if they are so large; see sharesFilters
	workers int           // of them; 0 for none
}

// sharesFilters reports whether the filters are so large that a core should read those of some
// channels only.
func (s *sweep) sharesFilters() bool { return s.f.winograd != nil && s.c.In()*s.c.Out()*64 > 1<<20 }

// across is the number of tiles in a line of them.
func (s *sweep) across() int { return (s.width + 1) / 2 }

// down is the number of lines of tiles for so many lines of the output.
func down(lines int) int { return (lines + 1) / 2 }

// tiledLines is how many lines of the output are computed at a time: more than winogradBytes, if the
// filters are so large that it matters how often they are read from the third-level cache.
func (s *sweep) tiledLines() int {
	in, out := s.c.In(), s.c.Out()
	tiles := max(winogradBytes/(16*4*(in+out)), in*out/1024)
	return 2 * max(1, tiles/s.across())
}

// prepareTiles takes the memory for so many workers and lines of so many images at a time.
func (s *sweep) prepareTiles(ctx context.Context, workers, images, lines int) {
	count := images * down(lines) * s.across()
	// Planes at distances of a power of two would share the lines of a cache.
	apart := func(channels int) int { return (count*channels+15)&^15 + 16 }
	s.tilesPlane, s.resultsPlane = apart(s.c.In()), apart(s.c.Out())
	s.tilesSize, s.resultsSize = 16*s.tilesPlane, 16*s.resultsPlane
	workers = max(workers, s.workers)
	s.tiles, s.results = floats(ctx, workers*s.tilesSize), floats(ctx, workers*s.resultsSize)
	s.roomSize = 4 * (2*s.across() + 2) * s.c.In()
	s.room = floats(ctx, workers*s.roomSize)
}

// tiled is lines by Winograd. from is even.
func (s *sweep) tiled(dst []float32, n, images, from, to int) {
	if s.workers > 0 {
		s.tiledTogether(dst, n, images, from, to)
		return
	}
	t := tiles{dst: dst, n: n, images: images, from: from, to: to}
	t.compute(s, 0, s.c.Out())
}

// tiledTogether is tiled with helpers, who take some channels of the output each. Each transforms
// the image itself: the transformed tiles would take longer from one core's cache to another's.
func (s *sweep) tiledTogether(dst []float32, n, images, from, to int) {
	t := spareTiles.take()
	t.sweep = *s
	t.tiles = tiles{dst: dst, n: n, images: images, from: from, to: to}
	s.helpers.RunPieces(s.workers, t)
	spareTiles.put(t)
}

// sharedTiles are tiles that several workers compute.
type sharedTiles struct {
	tiles
	sweep sweep
}

var spareTiles spares[sharedTiles]

// RunPiece computes some channels.
func (t *sharedTiles) RunPiece(worker, i int) {
	w, all := t.sweep.of(worker), &t.tiles
	step := w.f.winograd.planes[0].ColumnStep()
	first, last := share(i, w.workers, ceil(w.c.Out(), step))
	all.compute(&w, first*step, min(last*step, w.c.Out()))
}

// tiles are those of some lines of some images.
type tiles struct {
	dst       []float32
	n, images int
	from, to  int
}

// compute sets the channels from first to last of the output.
func (t *tiles) compute(s *sweep, first, last int) {
	if first == last {
		return
	}
	across, lines, f := s.across(), down(t.to-t.from), s.f.winograd
	for i := range t.images * lines {
		image := s.x[(t.n+i/lines)*s.in.len():][:s.in.len()]
		s.tileLine(s.tiles[i*across*s.c.In():], image, t.from+i%lines*2-s.c.window.Padding[0])
	}
	count := t.images * lines * across
	for p, b := range f.planes {
		b.MulColumns(s.results[p*s.resultsPlane:], last-first, s.tiles[p*s.tilesPlane:], s.c.In(), count, first, last, nil, gemm.None)
	}
	line := s.width * s.c.Out()
	k := kernel.Tiles{Channels: last - first, Of: s.c.Out(), Line: line, Plane: s.resultsPlane}
	for i := range t.images * lines {
		at := (i/lines*(t.to-t.from)+i%lines*2)*line + first
		k.Pixels[0] = min(2, t.to-t.from-i%lines*2)
		if k.Count, k.Pixels[1] = s.width/2, 2; k.Count > 0 {
			kernel.WinogradOut(t.dst[at:], s.results[i*across*k.Channels:], f.bias[first:], k, s.act == gemm.ReLU)
		}
		if s.width%2 != 0 {
			k.Count, k.Pixels[1] = 1, 1
			end := across - 1
			kernel.WinogradOut(t.dst[at+2*end*k.Of:], s.results[(i*across+end)*k.Channels:], f.bias[first:], k, s.act == gemm.ReLU)
		}
	}
}

// tileLine transforms the tiles whose first line is line top of the image. Those that reach over an
// edge of it are copied first, with zeros.
func (s *sweep) tileLine(dst, image []float32, top int) {
	across, channels, left := s.across(), s.c.In(), s.c.window.Padding[1]
	begin, end := across, across // of the tiles within the image
	if top >= 0 && top+4 <= s.in.height {
		begin = min((left+1)/2, across)
		end = max(begin, min((s.in.width+left-2)/2, across))
	}
	for _, part := range [3][2]int{{0, begin}, {begin, end}, {end, across}} {
		j, count := part[0], part[1]-part[0]
		if count == 0 {
			continue
		}
		x, line := s.room, (2*count+2)*channels
		if j == begin && end > begin {
			x, line = image[top*s.in.line()+(2*j-left)*channels:], s.in.line()
		} else {
			s.patch(s.room, image, top, 2*j-left, 2*count+2)
		}
		kernel.WinogradIn(dst[j*channels:], x, kernel.Tiles{Count: count, Channels: channels, Line: line, Plane: s.tilesPlane})
	}
}

// patch copies four lines of so many pixels of an image from a pixel on, and zeros for what is
// outside.
func (s *sweep) patch(dst, image []float32, top, left, width int) {
	channels := s.in.channels
	before := min(max(-left, 0), width)
	inside := max(0, min(left+width, s.in.width)-max(left, 0))
	for r := top; r < top+4; r++ {
		line := dst[:width*channels]
		dst = dst[len(line):]
		if r < 0 || r >= s.in.height || inside == 0 {
			clear(line)
			continue
		}
		clear(line[:before*channels])
		copy(line[before*channels:], image[r*s.in.line()+max(left, 0)*channels:][:inside*channels])
		clear(line[(before+inside)*channels:])
	}
}
