package picture

import (
	"context"
	"image"
	"image/color"

	"github.com/allocarrays/allocarrays-go/scope"
)

// grey is a picture of one byte per pixel, row by row.
type grey struct {
	pix           []byte
	width, height int
}

// newGrey converts img by the luma of ITU-R BT.601, what is transparent on
// white paper.
func newGrey(ctx context.Context, img image.Image) grey {
	bounds := img.Bounds()
	g := grey{scope.Make[byte](ctx, bounds.Dx()*bounds.Dy()), bounds.Dx(), bounds.Dy()}
	at := func(x, y int) color.RGBA64 { return color.RGBA64Model.Convert(img.At(x, y)).(color.RGBA64) }
	if fast, ok := img.(image.RGBA64Image); ok { // all of the standard library's
		at = fast.RGBA64At
	}
	for i := range g.pix {
		c := at(bounds.Min.X+i%g.width, bounds.Min.Y+i/g.width)
		luma := (299*uint32(c.R) + 587*uint32(c.G) + 114*uint32(c.B) + 500) / 1000
		luma += 0xffff - uint32(c.A) // the colours are premultiplied: this is "over white"
		g.pix[i] = byte(min(luma, 0xffff) >> 8)
	}
	return g
}

// histogram counts brightnesses.
type histogram [256]int

// border counts the pixels of a frame around the picture, a twentieth of the
// shorter side wide and one pixel at least: paper, in a picture of a digit.
func (g grey) border() histogram {
	var h histogram
	wide := max(1, min(g.width, g.height)/20)
	for y := range g.height {
		for x := range g.width {
			if x < wide || y < wide || x >= g.width-wide || y >= g.height-wide {
				h[g.pix[y*g.width+x]]++
			}
		}
	}
	return h
}

// quantile returns the least brightness that at least the fraction q of the
// pixels do not exceed.
func (h histogram) quantile(q float64) int {
	total := 0
	for _, n := range h {
		total += n
	}
	below := 0
	for v, n := range h {
		if below += n; below > 0 && float64(below) >= q*float64(total) {
			return v
		}
	}
	return len(h) - 1
}

// deviation returns the median distance of the pixels from v: two thirds of
// the standard deviation of normal noise, and untouched by whatever covers
// less than half of the pixels, such as a digit that reaches the border.
func (h histogram) deviation(v int) int {
	var away histogram
	for i, n := range h {
		away[max(i-v, v-i)] += n
	}
	return away.quantile(0.5)
}
