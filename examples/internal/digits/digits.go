package digits

import (
	"fmt"
	"math/rand/v2"
)

// Draw returns a drawing of digit, 0 to 9, as Size·Size pixels, row by row. All
// chance comes from rng: the same digit and state give the same drawing. It
// panics if digit is not one.
func Draw(digit int, rng *rand.Rand) [Size * Size]byte {
	if digit < 0 || digit > 9 {
		panic(fmt.Sprintf("digits: Draw: %d is not a digit", digit))
	}
	h := newHand(rng)
	return centre(h.draw(h.write(pick(glyphs[digit], rng), rng), rng))
}

// pick chooses one of the ways to write a digit by their weights.
func pick(ways []glyph, rng *rand.Rand) glyph {
	total := 0.0
	for _, g := range ways {
		total += g.weight
	}
	at := total * rng.Float64()
	for _, g := range ways {
		if at -= g.weight; at < 0 {
			return g
		}
	}
	return ways[len(ways)-1] // rounding left a rest
}
