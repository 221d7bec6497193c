package nn

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
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
	q := &QuantizedDense{name: d.name, in: d.In(), bias: make([]float32, d.Out())}
	copy(q.bias, elements(d.bias))
	bytes, w := make([]int8, d.weight.Len()), d.weight.Data()
	for o := range d.Out() {
		most := float32(0)
		row := w[o*q.in:][:q.in]
		for i, v := range row {
			if v-v != 0 {
				panic(fmt.Sprintf("nn: QuantizeDense %q: weight %d of output %d is %v", d.name, i, o, v))
			}
			most = max(most, v, -v)
		}
		scale := most / 127
		if scale == 0 {
			scale = 1
		}
		q.scales = append(q.scales, scale)
		for i, v := range row {
			bytes[o*q.in+i] = int8(min(max(math.RoundToEven(float64(v/scale)), -127), 127))
		}
	}
	q.weights = gemm.PackBytes(bytes, q.in, d.Out(), 1, q.in)
	return q
}

// Static returns the layer with one scale and zero point for every input, which were found with
// examples: scale·(byte - zero) should cover what the input will be. It panics if scale is not positive and
// finite.
func (q *QuantizedDense) Static(scale float32, zero uint8) *QuantizedDense {
	if !(scale > 0) || math.IsInf(float64(scale), 1) {
		panic(fmt.Sprintf("nn: %v: scale %v must be positive", q, scale))
	}
	s := *q
	s.static = &kernel.Quantization{Scale: scale, Zero: zero}
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
// it are the batch. It takes memory for the bytes of some rows and their sums, and for a copy of x if
// that is not contiguous. Bytes know neither NaN nor infinities:
// what a row with one of them gives is arbitrary.
func (q *QuantizedDense) Forward(ctx context.Context, x Tensor) Tensor {
	if x.Rank() < 2 || x.Dim(-1) != q.in {
		panic(misfit(q, x))
	}
	if !x.IsContiguous() {
		x = x.Clone(ctx)
	}
	shape := x.Shape()
	shape[len(shape)-1] = q.Out()
	y := x.Similar(ctx, shape...)
	rows, units := x.Len()/q.in, q.weights.UnitsOf(q.in)
	room := min(rows, quantizedRows)
	step := min(q.Out(), (quantizedOuts+q.weights.ColumnStep()-1)/q.weights.ColumnStep()*q.weights.ColumnStep())
	apart := step + 16 // rows at distances of a power of two would share the lines of a cache
	bytes := allocarray.AllocArray[int32]{}.Similar(ctx, room*units).Data()
	sums := allocarray.AllocArray[int32]{}.Similar(ctx, room*apart).Data()
	var maps [quantizedRows]kernel.Quantization
	for at := 0; at < rows; at += room {
		n := min(room, rows-at)
		for r := range n {
			row := x.Data()[(at+r)*q.in:][:q.in]
			if q.static != nil {
				maps[r] = *q.static
			} else {
				maps[r] = kernel.QuantizationFor(kernel.MinOf(row), kernel.MaxOf(row))
			}
			kernel.Quantize(bytes[r*units:(r+1)*units], row, q.weights.PerUnit(), maps[r])
		}
		for o := 0; o < q.Out(); o += step {
			to := min(o+step, q.Out())
			q.weights.MulColumns(sums, apart, bytes, units, n, o, to)
			for r := range n {
				first := (at + r) * q.Out()
				kernel.Dequantize(y.Data()[first+o:first+to], sums[r*apart:], q.weights.Sums()[o:], q.scales[o:], q.bias[o:], maps[r], false)
			}
		}
	}
	requireLive(&x, &y)
	return y
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
