package picture

import "errors"

// minContrast is how far ink has to stand out from the paper, in levels of 255.
// Below it there is only noise to enlarge.
const minContrast = 24

// errBlank is what a picture without a digit gives.
var errBlank = errors.New("blank: no ink stands out from the background")

// ink turns g, in place, into 0 for paper and up to 255 for ink.
//
// The paper is the median of the border. Whether ink is darker or lighter is
// decided by which end of the picture's own range the paper is farther from,
// so that grey paper is fine. What is within the noise of the paper, or under a
// twentieth of the contrast, becomes 0; the rest is stretched to 255 and keeps
// its proportions, so that soft edges stay as soft as they are.
func (g grey) ink() error {
	var all histogram
	for _, v := range g.pix {
		all[v]++
	}
	border := g.border()
	paper, low, high := border.quantile(0.5), all.quantile(0), all.quantile(1)
	dark := paper-low >= high-paper
	depth := func(v int) int { // how far on the side of the ink
		if dark {
			return paper - v
		}
		return v - paper
	}
	peak := max(depth(low), depth(high))
	floor := max(peak/20, 4*border.deviation(paper))
	if peak < minContrast || floor >= peak {
		return errBlank
	}
	var table [256]byte
	for v := range table {
		if d := min(peak, depth(v)); d > floor {
			table[v] = byte(255 * d / peak)
		}
	}
	for i, v := range g.pix {
		g.pix[i] = table[v]
	}
	return nil
}
