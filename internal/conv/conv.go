package conv

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/pieces"
)

// A Conv is a convolution of images of one size. But for its table it does not change, and is copied freely.
type Conv struct {
	f             *Filters
	in            plane // an image
	before, after [2]int
	height, width int     // of the output
	table         []int32 // where the segments of a patch begin
}

// A plane is the size of an image.
type plane struct{ height, width, channels int }

func (p plane) line() int { return p.width * p.channels }
func (p plane) len() int  { return p.height * p.line() }

// New returns the convolution of images of height×width with lines and columns of zeros before and
// after them; false if a filter does not fit into one, if it has more than 2³¹-1 elements, padding included, or if
// padding is negative.
func New(f *Filters, height, width int, before, after [2]int) (c Conv, ok bool) {
	c = Conv{f: f, in: plane{height, width, f.in}, before: before, after: after}
	if min(before[0], before[1], after[0], after[1]) < 0 {
		return Conv{}, false
	}
	c.height = f.window.positions(0, height, before[0]+after[0])
	c.width = f.window.positions(1, width, before[1]+after[1])
	p := c.padded()
	if c.height == 0 || c.width == 0 || float64(p.height)*float64(p.width)*float64(p.channels) > math.MaxInt32 {
		return Conv{}, false
	}
	return c, true
}

// positions returns how many positions w has along an axis of an image with so much padding, 0 if it does not fit.
func (w *Window) positions(axis, length, padding int) int {
	room := length + padding - w.Dilation[axis]*(w.Size[axis]-1) - 1
	if length < 1 || room < 0 {
		return 0
	}
	return room/w.Stride[axis] + 1
}

// Size returns the height and the width of the output.
func (c *Conv) Size() (height, width int) { return c.height, c.width }

// Table returns how many elements of a table the convolution needs, often none.
func (c *Conv) Table() int {
	if c.f.packed == nil || c.isPointwise() {
		return 0
	}
	return c.f.window.Size[0] * c.segments()
}

// segments is how many segments a line of the window consists of: its pixels are contiguous unless they, or the
// channels of a group, are apart.
func (c *Conv) segments() int {
	if c.f.window.Dilation[1] == 1 && c.f.groups == 1 {
		return 1
	}
	return c.f.window.Size[1]
}

// SetTable fills a table, of as many elements as Table says, and keeps it. Copies of c may share it.
func (c *Conv) SetTable(table []int32) {
	w, p, n := &c.f.window, c.padded(), c.segments()
	for i := range table {
		table[i] = int32(i/n*w.Dilation[0]*p.line() + i%n*w.Dilation[1]*p.channels)
	}
	c.table = table
}

// padded is the size of an image with its padding.
func (c *Conv) padded() plane {
	return plane{c.in.height + c.before[0] + c.after[0], c.in.width + c.before[1] + c.after[1], c.in.channels}
}

func (c *Conv) isPadded() bool { return c.before != [2]int{} || c.after != [2]int{} }

// isPointwise reports whether each output pixel depends on one input pixel alone.
func (c *Conv) isPointwise() bool {
	return c.f.groups == 1 && c.f.window == Window{[2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}}
}

// result is the size of an output image.
func (c *Conv) result() plane { return plane{c.height, c.width, c.f.out} }

// multiplyAdds is what a batch takes by the definition.
func (c *Conv) multiplyAdds(batch int) float64 {
	w := &c.f.window
	return float64(batch) * float64(c.height*c.width) * float64(c.f.out*(c.f.in/c.f.groups)*w.Size[0]*w.Size[1])
}

// under is the number of lines of a padded image that so many lines of the output depend on.
func (c *Conv) under(lines int) int {
	w := &c.f.window
	return (lines-1)*w.Stride[0] + (w.Size[0]-1)*w.Dilation[0] + 1
}

// A band is about so many bytes, but so many rows of the product. Eight images of 4×4×64 under 128 filters of
// 4×4, which give one pixel each, take less than half of the time together.
const (
	bandBytes = 64 << 10
	bandRows  = 256
)

// atATime is how many lines should be computed at a time. It may be more than there are, and is even.
func (c *Conv) atATime() int {
	if c.f.planes != nil {
		return c.tiledLines()
	}
	n := max(1, bandBytes/(4*c.width*c.f.out), pieces.Ceil(bandRows, c.width))
	return (n + 1) &^ 1
}

// room is how many elements of memory it takes to compute so many lines of so many images at a time.
func (c *Conv) room(images, lines int) int {
	switch {
	case c.f.planes != nil:
		return c.tiledRoom(images, lines)
	case c.f.depthwise != nil || !c.isPadded():
		return 0
	}
	return images * c.under(lines) * c.padded().line()
}
