package model

// Forward computes the network plainly, one image after the other.
func (c CNN) Forward(images []float32) (out []float32) {
	for ; len(images) > 0; images = images[Side*Side:] {
		x := plainConv(images[:Side*Side], Side, c.Convs[0])
		scale, shift := c.Norm.Factors()
		for i := range x {
			x[i] = max(scale[i%32]*x[i]+shift[i%32], 0)
		}
		x = plainConv(MaxPool(x, 26, 32), 13, c.Convs[1])
		x = plainConv(MaxPool(x, 11, 16), 5, c.Convs[2])
		y := dense(dense(dense(x, c.W1, c.B1), c.Tied, c.TiedB), c.Tied, c.TiedB)
		Softmax(y)
		out = append(out, y...)
	}
	return out
}

// plainConv returns the rectified convolution of one image of side×side×In.
func plainConv(x []float32, side int, c Conv) []float32 {
	n, w := side-2, c.Rows()
	y := make([]float32, n*n*c.Out)
	for p := range n * n {
		for o := range c.Out {
			sum := float64(c.B[o])
			for k := range 9 * c.In {
				row, col, ch := p/n+k/c.In/3, p%n+k/c.In%3, k%c.In
				sum += float64(w[k*c.Out+o]) * float64(x[(row*side+col)*c.In+ch])
			}
			y[p*c.Out+o] = max(float32(sum), 0)
		}
	}
	return y
}

// MaxPool returns the maxima over 2×2 pixels of one image of side×side×channels. A
// last odd row or column is dropped.
func MaxPool(x []float32, side, channels int) []float32 {
	n := side / 2
	y := make([]float32, n*n*channels)
	MaxPoolInto(y, x, side, channels)
	return y
}

// MaxPoolInto is MaxPool into y.
func MaxPoolInto(y, x []float32, side, channels int) {
	n := side / 2
	for p := range n * n {
		at := (p/n*2*side + p%n*2) * channels
		below := at + side*channels
		a, b := x[at:][:2*channels], x[below:][:2*channels]
		out := y[p*channels:][:channels]
		for i := range out {
			out[i] = max(a[i], a[i+channels], b[i], b[i+channels])
		}
	}
}
