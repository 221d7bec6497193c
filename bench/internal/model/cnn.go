package model

import "math"

// Side is the length of the sides of the CNN's images, which have one channel.
const Side = 28

// NormEpsilon is added to the variance in the CNN's batch normalisation.
const NormEpsilon = 1e-5

// A Conv are the weights of a convolution without padding: W is Out×In×3×3, B has a
// number for each of Out channels.
type Conv struct {
	In, Out int
	W, B    []float32
}

// A Norm are the parameters of a batch normalisation, one number for each channel.
type Norm struct{ Scale, Shift, Mean, Variance []float32 }

// CNN is the model of the benchmark in AllocArrays.jl (DigitsModel): three
// convolutions, each rectified; a normalisation, rectified, behind the first; a
// maximum over 2×2 pixels behind the first two; a dense layer 90→10, the same dense
// layer 10→10 twice; and a softmax. The dense layer takes the 3×3×10 pixels in the
// order height, width, channel.
type CNN struct {
	Convs       [3]Conv
	Norm        Norm
	W1, B1      []float32 // 10×90
	Tied, TiedB []float32 // 10×10
}

// NewCNN returns the weights that every candidate uses.
func NewCNN() CNN {
	c := CNN{
		Norm: Norm{Random(40, 32, 0.5), Random(41, 32, 0.2), Random(42, 32, 0.2), Random(43, 32, 0.3)},
		W1:   Random(44, 10*90, 0.2), B1: Random(45, 10, 0.1),
		Tied: Random(46, 10*10, 0.4), TiedB: Random(47, 10, 0.1),
	}
	for i := range c.Norm.Scale {
		c.Norm.Scale[i]++
		c.Norm.Variance[i] = 1 + c.Norm.Variance[i]*c.Norm.Variance[i]
	}
	for i, s := range [][2]int{{1, 32}, {32, 16}, {16, 10}} {
		c.Convs[i] = Conv{s[0], s[1], Random(uint64(30+i), s[0]*s[1]*9, 1/math.Sqrt(float64(s[0]*9))), Random(uint64(35+i), s[1], 0.1)}
	}
	return c
}

// Images returns a batch of images.
func Images(batch int) []float32 { return Random(50, batch*Side*Side, 1) }

// Factors returns the normalisation as y = scale·x + shift.
func (n Norm) Factors() (scale, shift []float32) {
	scale, shift = make([]float32, len(n.Scale)), make([]float32, len(n.Scale))
	for i := range scale {
		f := float64(n.Scale[i]) / math.Sqrt(float64(n.Variance[i])+NormEpsilon)
		scale[i] = float32(f)
		shift[i] = float32(float64(n.Shift[i]) - float64(n.Mean[i])*f)
	}
	return scale, shift
}

// Rows returns the weights as a matrix of 3·3·In rows and Out columns, row-major:
// the order of images with the channels last.
func (c Conv) Rows() []float32 {
	w := make([]float32, len(c.W))
	for o := range c.Out {
		for i := range c.In {
			for p := range 9 {
				w[(p*c.In+i)*c.Out+o] = c.W[(o*c.In+i)*9+p]
			}
		}
	}
	return w
}

// ChannelsFirst returns the first dense weights for features in the order channel,
// height, width.
func (c CNN) ChannelsFirst() []float32 {
	w := make([]float32, len(c.W1))
	for o := range 10 {
		for p := range 9 {
			for ch := range 10 {
				w[o*90+ch*9+p] = c.W1[o*90+p*10+ch]
			}
		}
	}
	return w
}

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
