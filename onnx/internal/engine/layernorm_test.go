package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A normForm is how an exporter writes layer normalisation in pieces.
type normForm struct {
	name         string
	twice        bool // two Subs
	square       bool // Mul by itself instead of Pow
	weight, bias bool
	axis         int64 // of the means
	inner        int64 // of the mean of the squares
	power        float32
	exposed      bool // the distances are an output
	one          bool // is it planned as one step
}

// TestLayerNormPatterns compares layer normalisation as exporters write it with the nodes one by one.
func TestLayerNormPatterns(t *testing.T) {
	for _, f := range []normForm{
		{name: "one Sub", weight: true, bias: true, axis: -1, inner: -1, power: 2, one: true},
		{name: "two Subs", twice: true, weight: true, bias: true, axis: 2, inner: -1, power: 2, one: true},
		{name: "squared by Mul", square: true, weight: true, axis: -1, inner: 2, one: true},
		{name: "without vectors", axis: -1, inner: -1, power: 2, one: true},
		{name: "cubed", weight: true, bias: true, axis: -1, inner: -1, power: 3},
		{name: "another axis", weight: true, bias: true, axis: 1, inner: 1, power: 2},
		{name: "two axes", weight: true, bias: true, axis: 2, inner: 1, power: 2},
		{name: "distances are an output", weight: true, bias: true, axis: -1, inner: -1, power: 2, exposed: true},
	} {
		t.Run(f.name, func(t *testing.T) {
			const width = 37
			shape := []int{2, 11, width}
			d := newDrawing(1, shape...)
			mean := d.node(nil, "ReduceMean", []string{"x"}, ints("axes", f.axis))
			distance := d.node(shape, "Sub", []string{"x", mean})
			base := distance
			if f.twice {
				base = d.node(shape, "Sub", []string{"x", mean})
			}
			squares := ""
			if f.square {
				squares = d.node(shape, "Mul", []string{base, base})
			} else {
				squares = d.node(shape, "Pow", []string{base, d.single(f.power)})
			}
			variance := d.node(nil, "ReduceMean", []string{squares}, ints("axes", f.inner))
			root := d.node(nil, "Sqrt", []string{d.node(nil, "Add", []string{variance, d.single(1e-3)})})
			out := d.node(shape, "Div", []string{distance, root})
			if f.weight {
				out = d.node(shape, "Mul", []string{out, d.constant(width)})
			}
			if f.bias {
				out = d.node(shape, "Add", []string{d.constant(width), out})
			}
			out = d.node(shape, "Add", []string{out, "x"}) // x has another reader
			m := d.model(14, out)
			if f.exposed {
				m.Graph.Outputs = append(m.Graph.Outputs, &proto.Value{Name: distance, Kind: proto.KindTensor, Type: tensor.Float})
			}
			x := normal(d.r, shape...)
			for i := range tensor.Slice[float32](x) {
				if tensor.Slice[float32](x)[i] += 5; f.power == 3 { // roots of what is not below 0
					tensor.Slice[float32](x)[i] = float32(i % width / (width - 1))
				}
			}
			same(t, outputs(t, m, engine.Options{Keep: true}, x), outputs(t, m, engine.Options{}, x), 2e-5)
			p, err := engine.Compile(m, engine.Options{})
			require.NoError(t, err)
			r, err := p.Report([]*tensor.Tensor{x})
			require.NoError(t, err)
			require.Equal(t, f.one, r.Steps == 2, "%d steps", r.Steps)
		})
	}
}
