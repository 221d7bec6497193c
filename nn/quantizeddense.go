package nn

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/spare"
)

// QuantizedDense is a [Dense] whose product is one of bytes: the weights are signed, with a
// scale for each output, and the input is unsigned, with a scale and a zero point (ONNX's U8S8):
//
//	y = (Σ (x8 - zero)·w8)·(scale·weightScale) + b,  x8 = round(x/scale) + zero, saturated
//
// The sum is exact. Create one with [QuantizeDense].
type QuantizedDense struct {
	name    string
	in      int
	weights *gemm.Bytes
	scales  []float32 // of the outputs
	bias    []float32
	static  *kernel.Quantization // nil: one for each row
}

var _ Shaper = (*QuantizedDense)(nil)

// QuantizeDense returns d with its present weights as bytes between -127 and 127, each output with the
// scale that its largest weight needs. It is dynamic: Forward finds the scale and the zero point of
// each row of its input, from the least and the largest number in it and 0, as ONNX's
// DynamicQuantizeLinear does for a whole tensor; a row so gives the same bits in every batch. A weight
// that is NaN or infinite, or more than 65 793 inputs, panics.
func QuantizeDense(d *Dense) *QuantizedDense {
	bytes, scales := quantizedWeights("QuantizeDense", d.name, d.weight.Data(), d.In(), d.Out())
	return &QuantizedDense{name: d.name, in: d.In(), weights: gemm.PackBytes(bytes, d.In(), d.Out(), 1, d.In()), scales: scales,
		bias: biasOr0(d.bias, d.Out())}
}

// Static returns the layer with one scale and zero point for every input, which were found with
// examples: scale·(byte - zero) should cover what the input will be. It panics if scale is not positive and
// finite.
func (q *QuantizedDense) Static(scale float32, zero uint8) *QuantizedDense {
	s := *q
	s.static = staticFor(q, scale, zero)
	return &s
}

// In returns the number of input features.
func (q *QuantizedDense) In() int { return q.in }

// Out returns the number of output features.
func (q *QuantizedDense) Out() int { return len(q.bias) }

// String describes the layer.
func (q *QuantizedDense) String() string {
	return fmt.Sprintf("QuantizedDense %q %d→%d", q.name, q.In(), q.Out())
}

// So many rows are computed at a time, and so many outputs of these: their sums stay in the second-level
// cache, and the weights are read once for all rows.
const (
	quantizedRows = 96
	quantizedOuts = 1536
)

// Forward returns the layer along the last axis of x, which must have In features. All axes before
// it are the batch. It takes memory for the bytes of some rows, for some of their sums, both as many times as the
// caller has workers, and for a copy of x if that is not contiguous. Bytes know neither NaN nor infinities:
// what a row with one of them gives is arbitrary.
func (q *QuantizedDense) Forward(ctx context.Context, x Tensor) Tensor {
	return q.forward(ctx, x, false)
}

func (q *QuantizedDense) forward(ctx context.Context, x Tensor, relu bool) Tensor {
	if x.Rank() < 2 || x.Dim(-1) != q.in {
		panic(misfit(q, x))
	}
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	shape := x.Shape()
	shape[len(shape)-1] = q.Out()
	y := x.Similar(ctx, shape...)
	if y.Len() > 0 {
		p := byteProduct{layer: q, x: x.Data(), y: y.Data(), rows: x.Len() / q.in, relu: relu}
		p.run(ctx)
	}
	requireLive(&x, &y)
	if copied {
		release(ctx, x)
	}
	return y
}

// A byteProduct is one use of a QuantizedDense. It goes through its rows in blocks; the pieces of one are some of its
// rows and some outputs.
type byteProduct struct {
	layer *QuantizedDense
	x, y  []float32
	rows  int
	relu  bool

	from, to      int // the rows of the block
	step          int // outputs of a piece
	down, across  int // number of pieces along rows and outputs
	units         []int32
	scales, zeros []float32
	sums          []int32 // for each worker
	each          int     // of the sums
}

var byteProducts spare.List[byteProduct]

func (p *byteProduct) run(ctx context.Context) {
	q := p.layer
	h, workers := helpersFor(ctx, float64(p.rows)*float64(q.in)*float64(q.Out()))
	panel := q.weights.ColumnStep()
	p.step = min(pieces.Ceil(q.Out(), panel), pieces.Ceil(quantizedOuts, panel))
	most := quantizedRows * workers
	room := min(p.rows, most)
	if workers > 1 {
		if p.down = pieces.Ceil(room, pieces.Ceil(quantizedRows, 2)); p.down < workers {
			p.step = min(p.step, pieces.Ceil(pieces.Ceil(q.Out(), panel), workers))
		}
	}
	p.down = max(p.down, 1)
	p.step *= panel
	p.across = pieces.Ceil(q.Out(), p.step)
	p.each = pieces.Ceil(room, p.down) * apart(p.step)
	units, sums, maps := integers(ctx, room*q.weights.UnitsOf(q.in)), integers(ctx, workers*p.each), Tensor{}.Similar(ctx, 2*room)
	p.units, p.sums = units.Data(), sums.Data()
	p.scales, p.zeros = maps.Data()[:room], maps.Data()[room:]
	for p.to < p.rows {
		p.from, p.to = p.to, min(p.to+room, p.rows)
		p.quantize()
		if workers == 1 {
			for i := range p.down * p.across {
				p.RunPiece(0, i)
			}
			continue
		}
		t := byteProducts.Take()
		*t = *p
		h.RunPieces(p.down*p.across, t)
		byteProducts.Put(t)
	}
	release(ctx, units)
	release(ctx, sums)
	release(ctx, maps)
}

// quantize finds the bytes of the block's rows.
func (p *byteProduct) quantize() {
	q := p.layer
	units := q.weights.UnitsOf(q.in)
	for r := range p.to - p.from {
		row := p.x[(p.from+r)*q.in:][:q.in]
		by := quantizationOf(q.static, row)
		p.scales[r], p.zeros[r] = by.Scale, float32(by.Zero)
		kernel.Quantize(p.units[r*units:(r+1)*units], row, q.weights.PerUnit(), by)
	}
}

// RunPiece computes a piece.
func (p *byteProduct) RunPiece(worker, i int) {
	q := p.layer
	units := q.weights.UnitsOf(q.in)
	top, bottom := pieces.Share(i/p.across, p.down, p.to-p.from)
	left := i % p.across * p.step
	right := min(left+p.step, q.Out())
	sums := p.sums[worker*p.each:][:p.each]
	q.weights.MulColumns(sums, apart(p.step), p.units[top*units:], units, bottom-top, left, right)
	for r := top; r < bottom; r++ {
		by := kernel.Quantization{Scale: p.scales[r], Zero: uint8(p.zeros[r])}
		to := p.y[(p.from+r)*q.Out()+left : (p.from+r)*q.Out()+right]
		kernel.Dequantize(to, sums[(r-top)*apart(p.step):], q.weights.Sums()[left:], q.scales[left:], q.bias[left:], by, p.relu)
	}
}

// OutputShape returns sample with Out as its last length.
func (q *QuantizedDense) OutputShape(sample []int) ([]int, error) {
	if len(sample) == 0 || sample[len(sample)-1] != q.in {
		return nil, fmt.Errorf("takes samples of …×%d, not %s", q.in, shapeText(sample))
	}
	out := slices.Clone(sample)
	out[len(out)-1] = q.Out()
	return out, nil
}
