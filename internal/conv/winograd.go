package conv

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// across is the number of tiles in a line of them.
func (c *Conv) across() int { return (c.width + 1) / 2 }

// down is the number of lines of tiles for so many lines of the output.
func down(lines int) int { return (lines + 1) / 2 }

// apart is the distance of planes of n elements. Those at distances of a power of two would share the lines
// of a cache.
func apart(n int) int { return (n+15)&^15 + 16 }

// tiled is a band by Winograd. from is even.
func (c *Conv) tiled(dst, x, work []float32, n, images, from, to int, relu bool) {
	across, lines, in, out := c.across(), down(to-from), c.f.in, c.f.out
	count := images * lines * across
	tilesPlane, resultsPlane := apart(count*in), apart(count*out)
	tiles, work := work[:16*tilesPlane], work[16*tilesPlane:]
	results, room := work[:16*resultsPlane], work[16*resultsPlane:]
	for i := range images * lines {
		image := x[(n+i/lines)*c.in.len():][:c.in.len()]
		c.tileLine(tiles[i*across*in:], image, room, from+i%lines*2-c.before[0], tilesPlane)
	}
	for p, b := range c.f.planes {
		b.Mul(results[p*resultsPlane:], out, tiles[p*tilesPlane:], in, count, nil, gemm.None)
	}
	line := c.width * out
	t := kernel.Tiles{Channels: out, Line: line, Plane: resultsPlane}
	for i := range images * lines {
		at := (i/lines*(to-from) + i%lines*2) * line
		t.Pixels[0] = min(2, to-from-i%lines*2)
		if t.Count, t.Pixels[1] = c.width/2, 2; t.Count > 0 {
			kernel.WinogradOut(dst[at:], results[i*across*out:], c.f.bias, t, relu)
		}
		if c.width%2 != 0 {
			t.Count, t.Pixels[1] = 1, 1
			last := across - 1
			kernel.WinogradOut(dst[at+2*last*out:], results[(i*across+last)*out:], c.f.bias, t, relu)
		}
	}
}

// tileLine transforms the tiles whose first line is line top of the image. Those that reach over an edge of it
// are copied first, with zeros.
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
