package digits

import (
	"math"
	"math/rand/v2"
)

// Size is the width and height of an image in pixels; box is that of the part
// that the ink is fitted into. Both are MNIST's.
const (
	Size = 28
	box  = 20
)

// middle is where the centre of mass goes, in both directions: the centre of
// the pixel with the index 14. Measured: the mean over MNIST is 14.0.
const middle = 14.5

// dot is where the pen is at one moment, and half its width there.
type dot struct {
	point
	radius float64
}

// draw inks the lines, fitted into the box, and returns the grey image. The
// box lies at the top left; centre moves it.
func (h hand) draw(lines [][]point, rng *rand.Rand) [Size * Size]byte {
	var r raster
	for i := range r {
		r[i] = math.Inf(-1)
	}
	for _, dots := range h.fit(h.ink(lines, rng)) {
		for i := 1; i < len(dots); i++ {
			r.segment(dots[i-1], dots[i])
		}
	}
	var img [Size * Size]byte
	for i, depth := range r {
		// A straight edge covers a pixel in proportion to the distance of its
		// centre; blur is the width of that ramp.
		img[i] = byte(255*max(0, min(1, 0.5+depth/h.blur)) + 0.5)
	}
	return img
}

// ink gives the lines their width, in glyph units as they are. It varies
// smoothly with the pressure, and from dot to dot as the edge of a stroke does
// on paper and in a scanner.
func (h hand) ink(lines [][]point, rng *rand.Rand) [][]dot {
	all := make([][]dot, len(lines))
	for i, line := range lines {
		for _, p := range line {
			all[i] = append(all[i], dot{point: p})
		}
	}
	low, high := bounds(all)
	pixel := max(high.x-low.x, high.y-low.y) / (box - 2*h.pen) // in glyph units, nearly
	noise := func() float64 { return pixel * h.rough * clip(rng.NormFloat64(), 2) }
	for i, line := range lines {
		way := 0.0
		for j, p := range line {
			if j > 0 {
				way += math.Hypot(p.x-line[j-1].x, p.y-line[j-1].y)
			}
			radius := pixel * h.radius(way/pixel)
			all[i][j] = dot{point{p.x + noise(), p.y + noise()}, max(0.4*pixel, radius+noise())}
		}
	}
	return all
}

// fit scales and moves the lines in place, so that no grey pixel is outside the
// box and the ink fills its longer side, and returns them in pixels.
func (h hand) fit(lines [][]dot) [][]dot {
	low, high := bounds(lines)
	edge := (h.blur - 1) / 2 // how far ink greys pixels beyond its own outline
	scale := (box - 2*edge) / max(high.x-low.x, high.y-low.y)
	for _, line := range lines {
		for i, d := range line {
			line[i] = dot{point{edge + scale*(d.x-low.x), edge + scale*(d.y-low.y)}, scale * d.radius}
		}
	}
	return lines
}

// bounds returns the corners of the rectangle that the ink of the lines fills.
func bounds(lines [][]dot) (low, high point) {
	low, high = point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, line := range lines {
		for _, d := range line {
			low = point{min(low.x, d.x-d.radius), min(low.y, d.y-d.radius)}
			high = point{max(high.x, d.x+d.radius), max(high.y, d.y+d.radius)}
		}
	}
	return low, high
}
