package conv

import "github.com/allocarrays/allocarrays-go/internal/kernel"

// channelwise is a band with a filter of its own for each channel. What is outside the image is left out of the sums.
func (s *Stage) channelwise(dst []float32, b band) {
	c := &s.Conv
	line := c.result().line()
	for i := range b.images {
		image := s.X[(b.n+i)*c.in.len():][:c.in.len()]
		for r := b.from; r < b.to; r++ {
			c.channelLine(dst[:line], image, r, s.ReLU)
			dst = dst[line:]
		}
	}
}

// channelLine computes line r. Positions at which the window reaches over the edge are computed one by one, all
// others in one call.
func (c *Conv) channelLine(dst, image []float32, r int, relu bool) {
	w, channels := &c.f.window, c.in.channels
	top, rows, y := w.inside(0, r, c.before[0], c.in.height)
	for x := 0; x < c.width; {
		left, cols, at := w.inside(1, x, c.before[1], c.in.width)
		count := w.abreast(x, cols, c.before[1], c.in.width, c.width)
		pixels := dst[x*channels : (x+count)*channels]
		if cols == 0 || rows == 0 {
			c.onlyBias(pixels, relu)
		} else {
			kernel.Depthwise(pixels, image[y*c.in.line()+at*channels:], c.f.depthwise[(top*w.Size[1]+left)*channels:], w.Size[1], c.f.bias,
				kernel.Window{Rows: rows, Cols: cols, Channels: channels, Count: count, Line: w.Dilation[0] * c.in.line(), Pixel: w.Dilation[1] * channels,
					Step: w.Stride[1] * channels, Next: channels}, relu)
		}
		x += count
	}
}

// onlyBias sets pixels to what is left where the window covers padding only.
func (c *Conv) onlyBias(pixels []float32, relu bool) {
	for ; len(pixels) > 0; pixels = pixels[len(c.f.bias):] {
		copy(pixels, c.f.bias)
		if relu {
			kernel.ReLU(pixels[:len(c.f.bias)], pixels[:len(c.f.bias)])
		}
	}
}
