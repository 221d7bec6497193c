package gemm

// A Grid says where the rows of A begin: those of the first line of the first image, pixel
// by pixel, then those of its other lines, then the other images. Distances are in elements.
type Grid struct {
	Images, Height, Width int // how many images, lines of each and pixels of a line
	Image, Line, Pixel    int // from one image, line or pixel to the next
}

// even is the grid of m rows at equal distances.
func even(m, lda int) Grid { return Grid{Images: 1, Height: 1, Width: m, Pixel: lda} }

// rows returns the number of rows.
func (g *Grid) rows() int { return g.Images * g.Height * g.Width }

// A place is a row of a grid.
type place struct {
	x, y, line, image int // pixel and line, and where the line and the image begin
	at                int // where the row begins
}

// place returns row i.
func (g *Grid) place(i int) (p place) {
	line := i / g.Width
	p.x, p.y = i%g.Width, line%g.Height
	p.image = line / g.Height * g.Image
	p.line = p.image + p.y*g.Line
	p.at = p.line + p.x*g.Pixel
	return p
}

// next moves p to the next row.
func (g *Grid) next(p *place) {
	if p.x++; p.x < g.Width {
		p.at += g.Pixel
		return
	}
	g.nextLine(p)
}

// nextLine moves p, which is behind a line, to the next one.
func (g *Grid) nextLine(p *place) {
	p.x = 0
	p.line += g.Line
	if p.y++; p.y == g.Height {
		p.y = 0
		p.image += g.Image
		p.line = p.image
	}
	p.at = p.line
}
