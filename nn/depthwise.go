package nn

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// depthwise is lines for a filter of its own for each channel. What is outside the image is left
// out of the sums.
func (s *sweep) depthwise(dst []float32, n, images, from, to int) {
	line := s.width * s.c.Out()
	for i := range images {
		image := s.x[(n+i)*s.in.len():][:s.in.len()]
		for r := from; r < to; r++ {
			s.depthwiseLine(dst[:line], image, r)
			dst = dst[line:]
		}
	}
}

// depthwiseLine computes line r. Positions at which the window reaches over the edge are computed one
// by one, all others in one call.
func (s *sweep) depthwiseLine(dst, image []float32, r int) {
	w, channels := s.c.window, s.in.channels
	top, rows, y := w.inside(0, r, s.in.height)
	for x := 0; x < s.width; {
		left, cols, at := w.inside(1, x, s.in.width)
		count := 1
		if cols == w.Size[1] { // the others up to the last one that is inside
			last := (s.in.width - 1 + w.Padding[1] - (w.Size[1]-1)*w.Dilation[1]) / w.Stride[1]
			count = min(last, s.width-1) - x + 1
		}
		if cols == 0 || rows == 0 {
			s.onlyBias(dst[x*channels : (x+count)*channels])
		} else {
			kernel.Depthwise(dst[x*channels:], image[y*s.in.line()+at*channels:], s.f.depthwise[(top*w.Size[1]+left)*channels:], w.Size[1], s.f.bias,
				kernel.Window{Rows: rows, Cols: cols, Channels: channels, Count: count, Line: w.Dilation[0] * s.in.line(), Pixel: w.Dilation[1] * channels,
					Step: w.Stride[1] * channels, Next: channels}, s.act == gemm.ReLU)
		}
		x += count
	}
}

// onlyBias sets pixels to what is left where the window covers padding only.
func (s *sweep) onlyBias(dst []float32) {
	for ; len(dst) > 0; dst = dst[len(s.f.bias):] {
		copy(dst, s.f.bias)
		if s.act == gemm.ReLU {
			kernel.ReLU(dst[:len(s.f.bias)], dst[:len(s.f.bias)])
		}
	}
}

// inside returns which elements of the window at the i-th position along an axis are in the image: the
// first of them, their number, and where in the image the first one is. If there are none, first is
// the size of the window.
func (w Window) inside(axis, i, length int) (first, count, at int) {
	at = i*w.Stride[axis] - w.Padding[axis]
	for first < w.Size[axis] && at < 0 {
		first++
		at += w.Dilation[axis]
	}
	for first+count < w.Size[axis] && at+count*w.Dilation[axis] < length {
		count++
	}
	if count == 0 {
		return w.Size[axis], 0, 0
	}
	return first, count, at
}
