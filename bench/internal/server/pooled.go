package server

import (
	"context"
	"io"
	"sync"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/nn"
)

// pooled is the service as one writes it by hand for speed: the same kernels, in
// place where that is possible, on a workspace from a sync.Pool.
type pooled struct {
	first, second *gemm.Packed[float32]
	b1, b2        []float32
	pool          sync.Pool
}

// workspace is all the memory of a request of up to maxImages.
type workspace struct {
	pixels               []byte
	x, square            []float32
	row, hidden, y, mean []float32
	variants             []float32
	best                 []int
	digits               []byte
}

func newPooled(m model.MLP) *pooled {
	p := &pooled{
		first:  gemm.Pack(m.W1, model.In, model.Hidden, 1, model.In),
		second: gemm.Pack(m.W2, model.Hidden, model.Out, 1, model.Hidden),
		b1:     m.B1, b2: m.B2,
	}
	p.pool.New = func() any { return new(workspace) }
	return p
}

// grow makes the workspace large enough for n images.
func (s *workspace) grow(n int) {
	if len(s.best) >= n {
		return
	}
	all := n * len(contrasts)
	*s = workspace{
		pixels: make([]byte, n*model.In), x: make([]float32, n*model.In), square: make([]float32, n*model.In),
		row: make([]float32, n), hidden: make([]float32, all*model.Hidden), y: make([]float32, all*model.Out),
		mean: make([]float32, n*model.Out), variants: make([]float32, all*model.In),
		best: make([]int, n), digits: make([]byte, n),
	}
}

func (p *pooled) Answer(_ context.Context, body io.Reader, size int, w io.Writer) error {
	s := p.pool.Get().(*workspace)
	defer p.pool.Put(s)
	n := size / model.In
	s.grow(n)
	if _, err := io.ReadFull(body, s.pixels[:size]); err != nil {
		return err
	}
	p.classify(s, n)
	_, err := w.Write(s.digits[:n])
	return err
}

// classify sets the first n digits.
func (p *pooled) classify(s *workspace, n int) {
	s.normalise(n)
	x := matrix(s.x, n, model.In)
	for i, c := range contrasts {
		allocarray.MulScalarInto(matrix(s.variants[i*n*model.In:], n, model.In), x, c)
	}
	all := n * len(contrasts)
	p.first.Mul(s.hidden, model.Hidden, s.variants, model.In, all, p.b1, gemm.ReLU)
	p.second.Mul(s.y, model.Out, s.hidden, model.Hidden, all, p.b2, gemm.None)
	y := matrix(s.y, all, model.Out)
	allocarray.SoftmaxInto(y, y)
	mean := matrix(s.mean, n, model.Out)
	allocarray.MeanAxisInto(mean, y.Reshape(len(contrasts), n, model.Out), 0)
	allocarray.ArgMaxAxisInto(allocarray.Wrap(s.best[:n]), mean, 1)
	for i, d := range s.best[:n] {
		s.digits[i] = '0' + byte(d)
	}
}

func (s *workspace) normalise(n int) {
	x, square := matrix(s.x, n, model.In), matrix(s.square, n, model.In)
	row := allocarray.Wrap(s.row[:n])
	allocarray.ConvertInto(x, allocarray.Wrap(s.pixels[:n*model.In], n, model.In))
	allocarray.MeanAxisInto(row, x, 1)
	allocarray.SubInto(x, x, row.ExpandDims(1))
	allocarray.SquareInto(square, x)
	allocarray.MeanAxisInto(row, square, 1)
	allocarray.AddScalarInto(row, row, 1)
	allocarray.SqrtInto(row, row)
	allocarray.DivInto(x, x, row.ExpandDims(1))
}

func matrix(x []float32, rows, cols int) nn.Tensor { return allocarray.Wrap(x[:rows*cols], rows, cols) }
