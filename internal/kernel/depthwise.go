package kernel

import (
	"fmt"
	"math"
)

// Depthwise sets each result to the bias plus the sum over the pixels of a window of src, row by row,
// each times its weights, channel by channel; and to the maximum of that and 0 if relu is set. The
// weights have rows of so many pixels, one behind the other. No product is fused with the sum. dst
// must not overlap the others.
func Depthwise(dst, src, weights []float32, weightCols int, bias []float32, w Window, relu bool) {
	depthwiseOn(active, dst, src, weights, weightCols, bias, &w, relu)
}

func depthwiseOn(k isa, dst, src, weights []float32, weightCols int, bias []float32, w *Window, relu bool) {
	if w.Count == 0 || w.Channels == 0 {
		return
	}
	if w.Rows < 1 || w.Cols < 1 || weightCols < w.Cols || min(w.Count, w.Channels, w.Line, w.Pixel, w.Step, w.Next) < 0 {
		panic(fmt.Sprintf("kernel: no such window: %+v of %d columns", *w, weightCols))
	}
	n := w.Channels
	_ = src[(w.Count-1)*w.Step+(w.Rows-1)*w.Line+(w.Cols-1)*w.Pixel+n-1]
	_ = dst[(w.Count-1)*w.Next+n-1]
	_ = weights[((w.Rows-1)*weightCols+w.Cols)*n-1]
	_ = bias[n-1]
	if k != generic {
		t := call{dst: address(&dst[0]), src: address(&src[0]), x: address(&weights[0]), y: address(&bias[0]), n: n, mask: k.partial(n),
			count: w.Count, rows: w.Rows, cols: w.Cols, line: 4 * w.Line, pixel: 4 * w.Pixel, step: 4 * w.Step, next: 4 * w.Next,
			wpixel: 4 * n, wskip: 4 * n * (weightCols - w.Cols), floor: float32(math.Inf(-1))}
		if relu {
			t.floor = 0
		}
		const abreast = 4
		if w.Rows == 3 && w.Cols == 3 && weightCols == 3 && w.Pixel == n && w.Step == n && w.Next == n && w.Count >= abreast {
			t.count = w.Count / abreast
			k.run(depthwise3, &t)
			done := w.Count &^ (abreast - 1)
			if t.count = w.Count - done; t.count == 0 {
				return
			}
			t.dst, t.src = address(&dst[done*n]), address(&src[done*n])
		}
		k.run(depthwise, &t)
		return
	}
	for i := range w.Count {
		d := dst[i*w.Next:][:n]
		for c := range d {
			sum := bias[c]
			for r := range w.Rows {
				for s := range w.Cols {
					sum += float32(weights[(r*weightCols+s)*n+c] * src[i*w.Step+r*w.Line+s*w.Pixel+c])
				}
			}
			if relu && sum < 0 {
				sum = 0
			}
			d[c] = sum
		}
	}
}
