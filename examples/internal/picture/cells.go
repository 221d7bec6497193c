package picture

import (
	"context"
	"image"

	"github.com/allocarrays/allocarrays-go/scope"
)

// cells is a coarse map of the ink of a picture: enough to tell the digit from
// specks of dust at a cost that does not grow with the picture.
type cells struct {
	ink           []int // sum of the ink in each cell, 0 where there is too little
	width, height int
	side          int // pixels per cell, in both directions
}

// mapSide is the number of cells along the longer side of a picture.
const mapSide = 100

// newCells maps g. A cell counts as inked if a line of a quarter of full ink
// crosses it; less than that is left of noise.
func newCells(ctx context.Context, g grey) cells {
	side := (max(g.width, g.height) + mapSide - 1) / mapSide
	c := cells{width: (g.width + side - 1) / side, height: (g.height + side - 1) / side, side: side}
	c.ink = scope.Make[int](ctx, c.width*c.height)
	for i, v := range g.pix {
		c.ink[i/g.width/side*c.width+i%g.width/side] += int(v)
	}
	for i, v := range c.ink {
		if v < 255*side/4 {
			c.ink[i] = 0
		}
	}
	return c
}

// strokes returns, for each cell, whether it or a neighbour belongs to the
// digit: to the connected patch with the most ink, or to another with at least
// a twentieth of that, such as the detached bar of a 5.
func (c cells) strokes(ctx context.Context) []bool {
	patches, order := scope.NewBuilder[patch](ctx, 16), scope.Make[int](ctx, len(c.ink))
	seen, keep := scope.Make[bool](ctx, len(c.ink)), scope.Make[bool](ctx, len(c.ink))
	largest, end := 0, 0
	for i := range c.ink {
		if p := c.patch(i, seen, order, end); p.mass > 0 {
			patches.Append(p)
			largest, end = max(largest, p.mass), p.to
		}
	}
	for _, p := range patches.View() {
		if p.mass*20 < largest {
			continue
		}
		for _, cell := range order[p.from:p.to] {
			c.around(cell, func(near int) { keep[near] = true })
		}
	}
	return keep
}

// A patch is connected inked cells, corners included: those that stand from from to to in
// the order in which they were found, and the sum of their ink.
type patch struct{ from, to, mass int }

// patch returns the patch of the cell start, without cells if that was seen. It writes the
// cells into order, beginning at from: what stands before are those of other patches.
func (c cells) patch(start int, seen []bool, order []int, from int) patch {
	to, mass := from, 0
	visit := func(cell int) {
		if c.ink[cell] > 0 && !seen[cell] {
			seen[cell] = true
			order[to] = cell
			to++
			mass += c.ink[cell]
		}
	}
	visit(start)
	for i := from; i < to; i++ {
		c.around(order[i], visit)
	}
	return patch{from, to, mass}
}

// around calls visit for cell and the up to eight that touch it.
func (c cells) around(cell int, visit func(int)) {
	x, y := cell%c.width, cell/c.width
	for ny := max(0, y-1); ny <= min(c.height-1, y+1); ny++ {
		for nx := max(0, x-1); nx <= min(c.width-1, x+1); nx++ {
			visit(ny*c.width + nx)
		}
	}
}

// crop erases from g whatever does not belong to the digit and returns the
// rectangle that the rest fills; an empty one if there is none.
func (g grey) crop(ctx context.Context) image.Rectangle {
	c := newCells(ctx, g)
	keep := c.strokes(ctx)
	var r image.Rectangle
	for i, v := range g.pix {
		if v == 0 {
			continue
		}
		x, y := i%g.width, i/g.width
		if !keep[y/c.side*c.width+x/c.side] {
			g.pix[i] = 0
			continue
		}
		r = r.Union(image.Rect(x, y, x+1, y+1))
	}
	return r
}
