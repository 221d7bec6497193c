package conv

// A Window says how filters, or a [Pool], move over an image; [0] is the height, [1] the width. All are positive.
type Window struct {
	Size, Stride, Dilation [2]int
}

// inside returns which elements of the window at the i-th position along an axis are in the image, which has so much padding before
// it: the first of them, their number, and where in the image the first one is. If there are none, first is the size of
// the window.
func (w *Window) inside(axis, i, before, length int) (first, count, at int) {
	step := w.Dilation[axis]
	at = i*w.Stride[axis] - before
	if at < 0 {
		first = min((step-1-at)/step, w.Size[axis])
		at += first * step
	}
	if at < length {
		count = min(w.Size[axis]-first, (length-1-at)/step+1)
	}
	if count == 0 {
		return w.Size[axis], 0, 0
	}
	return first, count, at
}

// abreast returns how many positions along a line of so many, from x on, can be computed in one call: those that are inside the image
// as x is, of which cols columns of the window are; else one.
func (w *Window) abreast(x, cols, before, length, positions int) int {
	if cols < w.Size[1] {
		return 1
	}
	last := (length - 1 + before - (w.Size[1]-1)*w.Dilation[1]) / w.Stride[1]
	return min(last, positions-1) - x + 1
}
