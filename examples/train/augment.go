package main

import (
	"math"
	"math/rand/v2"
)

// side is the width and height of an image in pixels.
const side = 28

// The bounds of the distortions, each drawn evenly between minus and plus its bound.
const (
	maxTurn  = 0.20 // radians
	maxSlant = 0.20 // horizontal pixels per vertical one
	maxScale = 0.12 // of each axis, of its length
	maxShift = 2.0  // pixels, along each axis
)

// An augmenter distorts images. The distortion of an image depends on nothing but the
// seed, the epoch and the image's number.
type augmenter struct {
	seed uint64
	pcg  *rand.PCG
	rng  *rand.Rand
}

func newAugmenter(seed uint64) *augmenter {
	pcg := rand.NewPCG(seed, 0)
	return &augmenter{seed, pcg, rand.New(pcg)}
}

// draw sets dst to image number i as the model takes it, 0 paper to 1 ink, distorted
// by an affine map that strength, 0 to 1, makes weaker. Both have side·side pixels.
func (a *augmenter) draw(dst []float32, img []byte, epoch, i int, strength float64) {
	if strength == 0 {
		for p, v := range img {
			dst[p] = float32(v) / 255
		}
		return
	}
	a.pcg.Seed(a.seed, uint64(epoch+1)<<32|uint64(i))
	m := a.affineMap(strength)
	for y := range side {
		for x := range side {
			dst[y*side+x] = sample(img, m.apply(x, y))
		}
	}
}

// An affineMap takes a pixel of the distorted image to the point of the original that
// is seen there: (x, y) to (xx·x + xy·y + x0, yx·x + yy·y + y0), measured from the
// middle.
type affineMap struct{ xx, xy, x0, yx, yy, y0 float32 }

type point struct{ x, y float32 }

// affineMap draws a turn, a slant, scales and a shift. It takes the same number of
// random numbers whatever they are.
func (a *augmenter) affineMap(strength float64) affineMap {
	even := func(bound float64) float64 { return strength * bound * (2*a.rng.Float64() - 1) }
	sin, cos := math.Sincos(even(maxTurn))
	slant, sx, sy := even(maxSlant), 1+even(maxScale), 1+even(maxScale)
	return affineMap{
		xx: float32(sx * cos), xy: float32(slant - sx*sin), x0: float32(even(maxShift)),
		yx: float32(sy * sin), yy: float32(sy * cos), y0: float32(even(maxShift)),
	}
}

// apply returns where the pixel in column px and row py comes from.
func (m affineMap) apply(px, py int) point {
	const middle = (side - 1) / 2.0
	x, y := float32(px)-middle, float32(py)-middle
	return point{m.xx*x + m.xy*y + m.x0 + middle, m.yx*x + m.yy*y + m.y0 + middle}
}

// sample interpolates img linearly between the four pixels around a point, and
// divides by 255. Outside there is paper.
func sample(img []byte, p point) float32 {
	if p.x <= -1 || p.y <= -1 || p.x >= side || p.y >= side {
		return 0
	}
	x, y := int(p.x+1)-1, int(p.y+1)-1 // rounded down, from -1 on
	fx, fy := p.x-float32(x), p.y-float32(y)
	top := pixel(img, x, y)*(1-fx) + pixel(img, x+1, y)*fx
	bottom := pixel(img, x, y+1)*(1-fx) + pixel(img, x+1, y+1)*fx
	return (top*(1-fy) + bottom*fy) / 255
}

// pixel returns a pixel of img, 0 outside it.
func pixel(img []byte, x, y int) float32 {
	if uint(x) >= side || uint(y) >= side {
		return 0
	}
	return float32(img[y*side+x])
}
