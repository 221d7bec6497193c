package digits

import (
	"math"
	"math/rand/v2"
)

// hand is one person's writing on one occasion: everything by which a digit
// differs from the glyph in the table. The spreads were chosen by comparing
// sheets of digits with MNIST: stroke width, slant and roundness.
type hand struct {
	tremble    float64    // spread of each control point, in glyph units
	aspect     float64    // factor on widths
	slant      float64    // sideways shift per unit of height; positive leans right
	turn       float64    // rotation in radians, clockwise
	bend       [3]wave    // smooth displacement of the whole surface
	pen        float64    // half the width of the pen, in pixels of the final image
	press      [2]float64 // how much the width varies along a stroke, and how fast in radians per pixel
	pressPhase float64
	rough      float64 // spread of the pen's place and half width from sample to sample, in pixels
	blur       float64 // width of the grey edge, in pixels
}

// wave displaces the surface by a sine. Waves about as long as a digit keep a
// stroke smooth and the shape recognisable.
type wave struct {
	along point   // direction and frequency, radians per glyph unit
	shift point   // amplitude, glyph units
	phase float64 // radians
}

// maxTurn is the largest rotation, 12 degrees; beyond it people straighten the
// paper.
const maxTurn = 12 * math.Pi / 180

// newHand picks a hand by chance.
func newHand(rng *rand.Rand) hand {
	h := hand{
		tremble:    1.4 + 1.6*rng.Float64(),
		aspect:     math.Exp(0.14 + 0.16*clip(rng.NormFloat64(), 2)),
		slant:      0.16 + 0.22*clip(rng.NormFloat64(), 2),
		turn:       maxTurn * clip(rng.NormFloat64()/2.5, 1),
		pen:        1.16 * math.Exp(0.25*clip(rng.NormFloat64(), 2)),
		press:      [2]float64{0.18 * rng.Float64(), 0.1 + 0.4*rng.Float64()},
		pressPhase: 2 * math.Pi * rng.Float64(),
		rough:      0.05 + 0.20*rng.Float64(),
		blur:       0.8 + 0.4*rng.Float64(),
	}
	for i := range h.bend {
		angle, length := 2*math.Pi*rng.Float64(), 90+90*rng.Float64()
		h.bend[i] = wave{
			along: point{2 * math.Pi / length * math.Cos(angle), 2 * math.Pi / length * math.Sin(angle)},
			shift: point{2.8 * rng.NormFloat64(), 2.8 * rng.NormFloat64()},
			phase: 2 * math.Pi * rng.Float64(),
		}
	}
	return h
}

// clip limits x to [-limit, limit].
func clip(x, limit float64) float64 { return max(-limit, min(limit, x)) }

// write returns the lines that the hand draws for g, still in glyph units.
// Points at the same place tremble alike, so that corners and loops stay shut.
func (h hand) write(g glyph, rng *rand.Rand) [][]point {
	moved := make(map[point]point)
	lines := make([][]point, len(g.strokes))
	for i, s := range g.strokes {
		trembled := make(stroke, len(s))
		for j, p := range s {
			if _, ok := moved[p]; !ok {
				moved[p] = point{p.x + h.tremble*rng.NormFloat64(), p.y + h.tremble*rng.NormFloat64()}
			}
			trembled[j] = moved[p]
		}
		lines[i] = spline(trembled, 10)
		for j, p := range lines[i] {
			lines[i][j] = h.distort(p)
		}
	}
	return lines
}

// distort bends the surface, then stretches, slants and turns it.
func (h hand) distort(p point) point {
	bent := p
	for _, w := range h.bend {
		s := math.Sin(p.x*w.along.x + p.y*w.along.y + w.phase)
		bent.x += w.shift.x * s
		bent.y += w.shift.y * s
	}
	x, y := h.aspect*bent.x-h.slant*bent.y, bent.y
	sin, cos := math.Sincos(h.turn)
	return point{cos*x - sin*y, sin*x + cos*y}
}

// radius is half the pen's width where the pen has gone the way distance since
// the stroke began, both in pixels.
func (h hand) radius(distance float64) float64 {
	return h.pen * (1 + h.press[0]*math.Sin(h.press[1]*distance+h.pressPhase))
}
