package kernel

import (
	"fmt"
	"math"
)

// A Window is what [WindowMax] and [WindowSum] combine for each of Count results: Rows × Cols
// pixels of Channels elements. Distances are in elements, and not negative.
type Window struct {
	Rows, Cols, Channels, Count int

	Line, Pixel int // from one row of the window, or column, to the next
	Step, Next  int // from one window to the next, and from one result to the next
}

// WindowMax sets each result to the maxima, channel by channel, over a window of src, or
// to NaN where the window has one. dst must not overlap src.
func WindowMax(dst, src []float32, w Window) { w.run(active, windowMax, dst, src) }

// WindowSum sets each result to the sums, channel by channel, over a window of src: first
// each column from top to bottom, then the columns. dst must not overlap src.
func WindowSum(dst, src []float32, w Window) { w.run(active, windowSum, dst, src) }

// identity is what a function leaves alone. The sum of -0 and x is x, also where x is a zero.
func (f function) identity() float32 {
	if f == windowMax {
		return float32(math.Inf(-1))
	}
	return float32(math.Copysign(0, -1))
}

func (w *Window) run(k isa, f function, dst, src []float32) {
	if w.Count == 0 || w.Channels == 0 {
		return
	}
	if w.Rows < 1 || w.Cols < 1 || min(w.Count, w.Channels, w.Line, w.Pixel, w.Step, w.Next) < 0 {
		panic(fmt.Sprintf("kernel: no such window: %+v", *w))
	}
	_ = src[(w.Count-1)*w.Step+(w.Rows-1)*w.Line+(w.Cols-1)*w.Pixel+w.Channels-1]
	_ = dst[(w.Count-1)*w.Next+w.Channels-1]
	if k == generic {
		w.loop(f, dst, src)
		return
	}
	const size = 4
	k.run(f, &call{dst: address(&dst[0]), src: address(&src[0]), n: w.Channels, mask: k.partial(w.Channels), count: w.Count,
		rows: w.Rows, cols: w.Cols, line: size * w.Line, pixel: size * w.Pixel, step: size * w.Step, next: size * w.Next,
		floor: f.identity()})
}

// loop is run in plain Go.
func (w *Window) loop(f function, dst, src []float32) {
	for i := range w.Count {
		d := dst[i*w.Next:][:w.Channels]
		for c := range d {
			all := f.identity()
			for s := range w.Cols {
				column := f.identity()
				for r := range w.Rows {
					column = f.combine(column, src[i*w.Step+r*w.Line+s*w.Pixel+c])
				}
				all = f.combine(all, column)
			}
			d[c] = all
		}
	}
}

// combine is one step of a window. Of two maxima that are equal, or not ordered, it takes the
// union of the bits, as the vector functions do: NaN if one is NaN.
func (f function) combine(x, y float32) float32 {
	switch {
	case f == windowSum:
		return x + y
	case x > y:
		return x
	case y > x:
		return y
	}
	return math.Float32frombits(math.Float32bits(x) | math.Float32bits(y))
}
