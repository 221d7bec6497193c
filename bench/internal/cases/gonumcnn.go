package cases

import (
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// gonumConv is a convolution, rectified, as a product: the pixels under the window
// of each output pixel are copied to a row of columns (im2col).
type gonumConv struct {
	side    int // of the input
	conv    model.Conv
	weights blas32.General // 9·In × Out
	columns blas32.General
	y       blas32.General // a row for each output pixel
}

func newGonumConv(batch, side int, c model.Conv) *gonumConv {
	rows := batch * (side - 2) * (side - 2)
	return &gonumConv{side, c, general(9*c.In, c.Out, c.Rows()), general(rows, 9*c.In, nil), general(rows, c.Out, nil)}
}

func (g *gonumConv) forward(x []float32) []float32 {
	n, line := g.side-2, 3*g.conv.In
	for i := range g.columns.Rows {
		image, p := i/(n*n), i%(n*n)
		from := x[image*g.side*g.side*g.conv.In:]
		for r := range 3 {
			at := ((p/n+r)*g.side + p%n) * g.conv.In
			copy(g.columns.Data[(i*3+r)*line:][:line], from[at:])
		}
	}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, g.columns, g.weights, 0, g.y)
	model.AddBias(g.y.Data, g.conv.B, true)
	return g.y.Data
}

// poolAll pools every image of a batch.
func poolAll(y, x []float32, side, channels int) {
	in, out := side*side*channels, (side/2)*(side/2)*channels
	for i := range len(x) / in {
		model.MaxPoolInto(y[i*out:][:out], x[i*in:][:in], side, channels)
	}
}

// gonumCNN reuses all its memory.
func gonumCNN(w model.CNN, input, want []float32) entry {
	batch := len(input) / (model.Side * model.Side)
	conv1, conv2, conv3 := newGonumConv(batch, 28, w.Convs[0]), newGonumConv(batch, 13, w.Convs[1]), newGonumConv(batch, 5, w.Convs[2])
	pool1, pool2 := make([]float32, batch*13*13*32), make([]float32, batch*5*5*16)
	flat, fc, tied := general(batch, 90, conv3.y.Data), general(10, 90, w.W1), general(10, 10, w.Tied)
	a, b := general(batch, 10, nil), general(batch, 10, nil)
	scale, shift := w.Norm.Factors()
	fn := func(n int) {
		for range n {
			x := conv1.forward(input)
			scaleShift(x, scale, shift)
			poolAll(pool1, x, 26, 32)
			poolAll(pool2, conv2.forward(pool1), 11, 16)
			conv3.forward(pool2)
			gonumDense(flat, fc, a)
			model.AddBias(a.Data, w.B1, false)
			gonumDense(a, tied, b)
			model.AddBias(b.Data, w.TiedB, false)
			gonumDense(b, tied, a)
			model.AddBias(a.Data, w.TiedB, false)
			model.SoftmaxRows(a.Data, 10)
		}
	}
	return checked("gonum", fn, want, same(a.Data))
}

// scaleShift normalises, and rectifies.
func scaleShift(x, scale, shift []float32) {
	for ; len(x) > 0; x = x[len(scale):] {
		row := x[:len(scale)]
		for i, s := range scale {
			row[i] = max(s*row[i]+shift[i], 0)
		}
	}
}
