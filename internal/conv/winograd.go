package conv

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/spare"
)

// winogradBytes is how much the planes of some tiles and of their results may take: a good part of
// a second-level cache.
const winogradBytes = 900 << 10

// sharesFilters reports whether the filters are so large that a core should read those of some
// channels only.
func (c *Conv) sharesFilters() bool { return c.f.planes != nil && c.f.in*c.f.out*64 > 1<<20 }

// across is the number of tiles in a line of them.
func (c *Conv) across() int { return (c.width + 1) / 2 }

// down is the number of lines of tiles for so many lines of the output.
func down(lines int) int { return (lines + 1) / 2 }

// apart is the distance of planes of n elements. Those at distances of a power of two would share the lines
// of a cache.
func apart(n int) int { return lines(n) + 16 }

// tiledLines is how many lines of the output are computed at a time: more than winogradBytes, if the
// filters are so large that it matters how often they are read from the third-level cache.
func (c *Conv) tiledLines() int {
	in, out := c.f.in, c.f.out
	tiles := max(winogradBytes/(16*4*(in+out)), in*out/1024)
	return 2 * max(1, tiles/c.across())
}

// tiledRoom is room for Winograd: 16 planes of tiles, as many of results, and a patch of the image.
func (c *Conv) tiledRoom(images, lines int) int {
	count := images * down(lines) * c.across()
	return 16*(apart(count*c.f.in)+apart(count*c.f.out)) + 4*(2*c.across()+2)*c.f.in
}

// tiled is a band by Winograd, whose first line is even.
func (s *Stage) tiled(dst, room []float32, b band) {
	if !s.shared {
		s.tiles(dst, room, b, 0, s.Conv.f.out)
		return
	}
	// Helpers take some channels of the output each. Each transforms the image itself: the transformed tiles would
	// take longer from one core's cache to another's.
	t := spareTiles.Take()
	t.Stage, t.band, t.dst = *s, b, dst
	s.helpers.RunPieces(s.workers, t)
	spareTiles.Put(t)
}

// sharedTiles are a band that several workers compute.
type sharedTiles struct {
	Stage
	band band
	dst  []float32
}

var spareTiles spare.List[sharedTiles]

// RunPiece computes some channels.
func (t *sharedTiles) RunPiece(worker, i int) {
	f := t.Conv.f
	step := f.planes[0].ColumnStep()
	first, last := pieces.Share(i, t.workers, pieces.Ceil(f.out, step))
	room := t.Rooms.Of(worker)[t.pooled:] // dst may be what is pooled, in that of the first
	t.tiles(t.dst, room, t.band, first*step, min(last*step, f.out))
}

// tiles computes the channels from first to last of a band.
func (s *Stage) tiles(dst, room []float32, b band, first, last int) {
	if first == last {
		return
	}
	c := &s.Conv
	across, rows, in, channels := c.across(), down(b.to-b.from), c.f.in, last-first
	count := b.images * rows * across
	tilesPlane, resultsPlane := apart(count*in), apart(count*channels)
	tiles, room := room[:16*tilesPlane], room[16*tilesPlane:]
	results, room := room[:16*resultsPlane], room[16*resultsPlane:]
	for i := range b.images * rows {
		image := s.X[(b.n+i/rows)*c.in.len():][:c.in.len()]
		c.tileLine(tiles[i*across*in:], image, room, b.from+i%rows*2-c.before[0], tilesPlane)
	}
	for p, f := range c.f.planes {
		f.MulColumns(results[p*resultsPlane:], channels, tiles[p*tilesPlane:], in, count, first, last, nil, gemm.None)
	}
	line := c.result().line()
	t := kernel.Tiles{Channels: channels, Of: c.f.out, Line: line, Plane: resultsPlane}
	for i := range b.images * rows {
		at := (i/rows*(b.to-b.from)+i%rows*2)*line + first
		t.Pixels[0] = min(2, b.to-b.from-i%rows*2)
		if t.Count, t.Pixels[1] = c.width/2, 2; t.Count > 0 {
			kernel.WinogradOut(dst[at:], results[i*across*channels:], c.f.bias[first:], t, s.ReLU)
		}
		if c.width%2 != 0 {
			t.Count, t.Pixels[1] = 1, 1
			end := across - 1
			kernel.WinogradOut(dst[at+2*end*c.f.out:], results[(i*across+end)*channels:], c.f.bias[first:], t, s.ReLU)
		}
	}
}

// tileLine transforms the tiles whose first line is line top of the image. Those that reach over an edge of it
// are copied to the room first, with zeros.
func (c *Conv) tileLine(dst, image, room []float32, top, plane int) {
	across, channels, left := c.across(), c.f.in, c.before[1]
	begin, end := across, across // of the tiles within the image
	if top >= 0 && top+4 <= c.in.height {
		begin = min((left+1)/2, across)
		end = max(begin, min((c.in.width+left-2)/2, across))
	}
	for _, part := range [3][2]int{{0, begin}, {begin, end}, {end, across}} {
		j, count := part[0], part[1]-part[0]
		if count == 0 {
			continue
		}
		x, line := room, (2*count+2)*channels
		if j == begin && end > begin {
			x, line = image[top*c.in.line()+(2*j-left)*channels:], c.in.line()
		} else {
			c.patch(room, image, top, 2*j-left, 2*count+2)
		}
		kernel.WinogradIn(dst[j*channels:], x, kernel.Tiles{Count: count, Channels: channels, Line: line, Plane: plane})
	}
}

// patch copies four lines of so many pixels of an image from a pixel on, and zeros for what is outside.
func (c *Conv) patch(dst, image []float32, top, left, width int) {
	channels := c.in.channels
	before := min(max(-left, 0), width)
	inside := max(0, min(left+width, c.in.width)-max(left, 0))
	for r := top; r < top+4; r++ {
		line := dst[:width*channels]
		dst = dst[len(line):]
		if r < 0 || r >= c.in.height || inside == 0 {
			clear(line)
			continue
		}
		clear(line[:before*channels])
		copy(line[before*channels:], image[r*c.in.line()+max(left, 0)*channels:][:inside*channels])
		clear(line[(before+inside)*channels:])
	}
}
