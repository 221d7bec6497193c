package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

func newDrawing(seed uint64, shape ...int) *drawing {
	d := &drawing{r: rand.New(rand.NewPCG(seed, 3)), g: &proto.Graph{Name: "random"}, shape: map[string][]int{}}
	d.input("x", tensor.Float)
	d.names, d.shape["x"] = []string{"x"}, shape
	return d
}

func (d *drawing) input(name string, t tensor.Type) string {
	d.g.Inputs = append(d.g.Inputs, &proto.Value{Name: name, Kind: proto.KindTensor, Type: t})
	return name
}

// last is the latest constant's elements.
func (d *drawing) last() []float32 {
	return tensor.Slice[float32](&d.g.Initializers[len(d.g.Initializers)-1].Tensor)
}

func (d *drawing) single(v float32) string {
	name := d.constant()
	d.last()[0] = v
	return name
}

func (d *drawing) model(opset int64, out string) *proto.Model {
	d.g.Outputs = []*proto.Value{{Name: out, Kind: proto.KindTensor, Type: tensor.Float}}
	return &proto.Model{Graph: d.g, Opsets: []proto.Opset{{Version: opset}}}
}

func normal(r *rand.Rand, shape ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float, shape...)
	for i := range tensor.Slice[float32](t) {
		tensor.Slice[float32](t)[i] = float32(r.NormFloat64())
	}
	return t
}

// heads is the projection of a sequence, cut into heads as exporters do it.
func (d *drawing) heads(x string, batch, steps, heads, size int, perm ...int64) string {
	width := heads * size
	y := d.node([]int{batch, steps, width}, "MatMul", []string{x, d.constant(width, width)})
	shape := tensor.New(tensor.Int64, 4)
	copy(tensor.Slice[int64](shape), []int64{int64(batch), int64(steps), int64(heads), int64(size)})
	name := fmt.Sprintf("constant %d", len(d.g.Initializers))
	d.g.Initializers = append(d.g.Initializers, &proto.Tensor{Name: name, Tensor: *shape})
	y = d.node([]int{batch, steps, heads, size}, "Reshape", []string{y, name})
	return d.node(nil, "Transpose", []string{y}, ints("perm", perm...))
}

// A dialect is how an exporter writes attention.
type dialect struct {
	name     string
	opset    int64
	scale    string // operator, empty if the factor is elsewhere
	mask     string // add, or where
	maskHead bool   // a mask for each head
	late     bool   // the values come after the softmax
	axis     int
	whole    bool // an intermediate is an output, so that nothing can be joined
}

// attend draws attention of x, and returns its output, and the other inputs.
func (d *drawing) attend(k dialect, batch, steps, heads, size int) (out string, more []*tensor.Tensor) {
	var v string
	values := func() { v = d.heads("x", batch, steps, heads, size, 0, 2, 1, 3) }
	q, t := d.heads("x", batch, steps, heads, size, 0, 2, 1, 3), d.heads("x", batch, steps, heads, size, 0, 2, 3, 1)
	if !k.late {
		values()
	}
	s := d.node(nil, "MatMul", []string{q, t})
	if k.scale != "" {
		v := float32(math.Sqrt(float64(size)))
		if k.scale == "Mul" {
			v = 1 / v
		}
		s = d.node(nil, k.scale, []string{s, d.single(v)})
	}
	maskHeads := 1
	if k.maskHead {
		maskHeads = heads
	}
	switch k.mask {
	case "add":
		s = d.node(nil, "Add", []string{s, d.input("mask", tensor.Float)})
		more = append(more, normal(d.r, batch, maskHeads, 1, steps))
	case "where", "where not":
		m := tensor.New(tensor.Bool, batch, maskHeads, steps, steps)
		for i := range m.Data {
			m.Data[i] = byte(d.r.IntN(2))
		}
		more = append(more, m)
		in := []string{d.input("mask", tensor.Bool), s, d.single(-1e30)}
		if k.mask == "where not" {
			in[1], in[2] = in[2], in[1]
		}
		s = d.node(nil, "Where", in)
	}
	s = d.node(nil, "Softmax", []string{s}, integer("axis", k.axis))
	if k.late {
		values()
	}
	y := d.node(nil, "MatMul", []string{s, v})
	if k.whole {
		d.g.Outputs = append(d.g.Outputs, &proto.Value{Name: s, Kind: proto.KindTensor, Type: tensor.Float})
	}
	return d.node(nil, "Transpose", []string{y}, ints("perm", 0, 2, 1, 3)), more
}

// TestAttentionPatterns draws attention as exporters write it, and compares what is joined with the nodes one by one, and the
// memory that each takes.
func TestAttentionPatterns(t *testing.T) {
	const batch, steps, heads, size = 2, 131, 6, 16
	for _, k := range []dialect{
		{name: "factor and mask", opset: 14, scale: "Div", mask: "add", axis: -1},
		{name: "factor", opset: 17, scale: "Mul", axis: 3},
		{name: "old opset", opset: 11, scale: "Mul", mask: "add", axis: 3},
		{name: "bare", opset: 13, axis: -1},
		{name: "mask for each head", opset: 14, scale: "Div", mask: "add", maskHead: true, axis: -1},
		{name: "causal", opset: 14, scale: "Mul", mask: "where", axis: -1},
		{name: "causal, the other way round", opset: 14, scale: "Mul", mask: "where not", maskHead: true, axis: -1},
		{name: "values last", opset: 14, scale: "Div", mask: "add", late: true, axis: -1},
	} {
		t.Run(k.name, func(t *testing.T) {
			d := newDrawing(1, batch, steps, heads*size)
			out, more := d.attend(k, batch, steps, heads, size)
			m := d.model(k.opset, out)
			in := append([]*tensor.Tensor{normal(d.r, batch, steps, heads*size)}, more...)
			same(t, outputs(t, m, engine.Options{Keep: true}, in...), outputs(t, m, engine.Options{}, in...), 1e-6)
			full := int64(4 * batch * heads * steps * steps)
			require.Greater(t, planned(t, m, engine.Options{Keep: true}, in), full)
			require.Less(t, planned(t, m, engine.Options{}, in), full)
			p, err := engine.Compile(m, engine.Options{})
			require.NoError(t, err)
			r, err := p.Report(in)
			require.NoError(t, err)
			for _, label := range r.Labels {
				require.NotContains(t, label, "Softmax")
			}
		})
	}
}

// TestNotQuiteAttention draws what looks like attention and is something else, or is needed in between: the results are those of
// the nodes one by one.
func TestNotQuiteAttention(t *testing.T) {
	const batch, steps, heads, size = 2, 9, 3, 4
	compare := func(t *testing.T, d *drawing, m *proto.Model, more ...*tensor.Tensor) {
		in := append([]*tensor.Tensor{normal(d.r, d.shape["x"]...)}, more...)
		same(t, outputs(t, m, engine.Options{Keep: true}, in...), outputs(t, m, engine.Options{}, in...), 1e-6)
	}
	t.Run("softmax along another axis", func(t *testing.T) {
		d := newDrawing(2, batch, steps, heads*size)
		out, _ := d.attend(dialect{scale: "Mul", axis: 2}, batch, steps, heads, size)
		compare(t, d, d.model(14, out))
	})
	t.Run("softmax over all axes", func(t *testing.T) {
		d := newDrawing(3, batch, steps, heads*size)
		out, _ := d.attend(dialect{axis: 1}, batch, steps, heads, size)
		compare(t, d, d.model(11, out))
	})
	t.Run("scores are an output", func(t *testing.T) {
		d := newDrawing(4, batch, steps, heads*size)
		out, more := d.attend(dialect{scale: "Div", mask: "add", whole: true, late: true, axis: -1}, batch, steps, heads, size)
		scores := d.g.Outputs
		m := d.model(14, out)
		m.Graph.Outputs = append(m.Graph.Outputs, scores...)
		compare(t, d, m, more...)
	})
	t.Run("one mask for each query", func(t *testing.T) {
		d := newDrawing(5, 2, 3, 4)
		y := d.node(nil, "MatMul", []string{"x", d.node(nil, "Transpose", []string{"x"}, ints("perm", 0, 2, 1))})
		y = d.node(nil, "Softmax", []string{d.node(nil, "Add", []string{y, d.input("mask", tensor.Float)})}, integer("axis", -1))
		compare(t, d, d.model(14, d.node(nil, "MatMul", []string{y, "x"})), normal(d.r, 2, 3, 1))
	})
	t.Run("a mask with more heads", func(t *testing.T) {
		d := newDrawing(6, 1, 3, 4)
		y := d.node(nil, "MatMul", []string{"x", d.node(nil, "Transpose", []string{"x"}, ints("perm", 0, 2, 1))})
		y = d.node(nil, "Softmax", []string{d.node(nil, "Add", []string{y, d.input("mask", tensor.Float)})}, integer("axis", -1))
		compare(t, d, d.model(14, d.node(nil, "MatMul", []string{y, "x"})), normal(d.r, 5, 3, 3))
	})
	t.Run("values with more heads", func(t *testing.T) {
		d := newDrawing(7, 1, 3, 4)
		y := d.node(nil, "MatMul", []string{"x", d.node(nil, "Transpose", []string{"x"}, ints("perm", 0, 2, 1))})
		y = d.node(nil, "Softmax", []string{y}, integer("axis", -1))
		compare(t, d, d.model(14, d.node(nil, "MatMul", []string{y, d.input("values", tensor.Float)})), normal(d.r, 5, 3, 2))
	})
	t.Run("one key", func(t *testing.T) {
		d := newDrawing(8, 2, 1, 4)
		y := d.node(nil, "MatMul", []string{"x", d.node(nil, "Transpose", []string{"x"}, ints("perm", 0, 2, 1))})
		y = d.node(nil, "Softmax", []string{d.node(nil, "Add", []string{y, d.input("mask", tensor.Float)})}, integer("axis", -1))
		compare(t, d, d.model(14, d.node(nil, "MatMul", []string{y, "x"})), normal(d.r, 1))
	})
	t.Run("no keys", func(t *testing.T) {
		d := newDrawing(9, 2, 0, 4)
		y := d.node(nil, "MatMul", []string{"x", d.node(nil, "Transpose", []string{"x"}, ints("perm", 0, 2, 1))})
		y = d.node(nil, "Softmax", []string{y}, integer("axis", -1))
		compare(t, d, d.model(14, d.node(nil, "MatMul", []string{y, "x"})))
	})
}

func planned(t *testing.T, m *proto.Model, o engine.Options, in []*tensor.Tensor) int64 {
	p, err := engine.Compile(m, o)
	require.NoError(t, err)
	r, err := p.Report(in)
	require.NoError(t, err)
	return r.Planned
}

func same(t *testing.T, want, got [][]float32, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Len(t, got[i], len(want[i]))
		for k, v := range want[i] {
			require.InDelta(t, v, got[i][k], tolerance*max(1, math.Abs(float64(v))), "output %d, element %d", i, k)
		}
	}
}
