package picture

import "image"

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
func newCells(g grey) cells {
	side := (max(g.width, g.height) + mapSide - 1) / mapSide
	c := cells{width: (g.width + side - 1) / side, height: (g.height + side - 1) / side, side: side}
	c.ink = make([]int, c.width*c.height)
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
func (c cells) strokes() []bool {
	var patches [][]int
	var masses []int
	largest := 0
	seen := make([]bool, len(c.ink))
	for i := range c.ink {
		if patch, mass := c.patch(i, seen); mass > 0 {
			patches, masses = append(patches, patch), append(masses, mass)
			largest = max(largest, mass)
		}
	}
	keep := make([]bool, len(c.ink))
	for i, patch := range patches {
		if masses[i]*20 < largest {
			continue
		}
		for _, cell := range patch {
			c.around(cell, func(near int) { keep[near] = true })
		}
	}
	return keep
}

// patch returns the inked cells connected with start that were not seen yet,
// corners included, and the sum of their ink.
func (c cells) patch(start int, seen []bool) (patch []int, mass int) {
	visit := func(cell int) {
		if c.ink[cell] > 0 && !seen[cell] {
			seen[cell] = true
			patch = append(patch, cell)
			mass += c.ink[cell]
		}
	}
	visit(start)
	for i := 0; i < len(patch); i++ {
		c.around(patch[i], visit)
	}
	return patch, mass
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
func (g grey) crop() image.Rectangle {
	c := newCells(g)
	keep := c.strokes()
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
