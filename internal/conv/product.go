package conv

import "github.com/allocarrays/allocarrays-go/internal/gemm"

// product is a band as a product. The images are copied with their padding, if there is any.
func (s *Stage) product(dst, room []float32, b band) {
	c, act := &s.Conv, gemm.None
	if s.ReLU {
		act = gemm.ReLU
	}
	w, out, lines := &c.f.window, c.f.out, b.to-b.from
	size, first, p := c.in.len(), b.from*w.Stride[0], c.padded()
	a, step := s.X[b.n*size:], size
	if !c.isPadded() {
		a = a[first*p.line() : (b.images-1)*size+(first+c.under(lines))*p.line()]
	} else {
		step = c.under(lines) * p.line()
		for i := range b.images {
			c.pad(room[i*step:(i+1)*step], a[i*size:(i+1)*size], first)
		}
		a = room[:b.images*step]
	}
	if c.isPointwise() {
		c.f.packed[0].Mul(dst, out, a, p.channels, len(a)/p.channels, c.f.bias, act)
		return
	}
	g := gemm.Grid{Images: b.images, Height: lines, Width: c.width, Image: step, Line: w.Stride[0] * p.line(), Pixel: w.Stride[1] * p.channels}
	var bias []float32
	for i, packed := range c.f.packed {
		first := i * out / c.f.groups
		if c.f.bias != nil {
			bias = c.f.bias[first:][:out/c.f.groups]
		}
		packed.MulGrid(dst[first:], out, a[i*p.channels/c.f.groups:], g, c.table, bias, act)
	}
}

// pad sets dst to lines of the padded image, from the first one on.
func (c *Conv) pad(dst, image []float32, first int) {
	left, length, inside := c.before[1]*c.in.channels, c.padded().line(), c.in.line()
	for ; len(dst) > 0; first++ {
		line := dst[:length]
		dst = dst[length:]
		if r := first - c.before[0]; r < 0 || r >= c.in.height {
			clear(line)
		} else {
			clear(line[:left])
			copy(line[left:], image[r*inside:(r+1)*inside])
			clear(line[left+inside:])
		}
	}
}
