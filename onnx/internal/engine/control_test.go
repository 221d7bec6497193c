package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

func node(op string, in []string, out []string, attrs ...*proto.Attribute) *proto.Node {
	return &proto.Node{Name: out[0], Op: op, Inputs: in, Outputs: out, Attributes: attrs}
}

func body(name string, g *proto.Graph) *proto.Attribute {
	return &proto.Attribute{Name: name, Type: proto.AttrGraph, G: g}
}

func constant(name string, t *tensor.Tensor) *proto.Tensor {
	return &proto.Tensor{Name: name, Tensor: *t}
}

func value(name string, t tensor.Type) *proto.Value {
	return &proto.Value{Name: name, Kind: proto.KindTensor, Type: t}
}

func values(t tensor.Type, names ...string) (list []*proto.Value) {
	for _, name := range names {
		list = append(list, value(name, t))
	}
	return list
}

func program(t *testing.T, g *proto.Graph) *engine.Program {
	t.Helper()
	p, err := engine.Compile(&proto.Model{Opsets: []proto.Opset{{Version: 16}}, Graph: g}, engine.Options{})
	require.NoError(t, err)
	return p
}

// run returns copies of the outputs, with memory of so many bytes.
func run(ctx context.Context, p *engine.Program, memory int, in ...*tensor.Tensor) (out []tensor.Tensor, err error) {
	ctx = scope.WithAllocator(ctx, bumper.NewAllocBuffer(memory))
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		r, err := p.Run(ctx, in)
		if err != nil {
			return err
		}
		defer r.Release()
		for _, o := range r.Outputs() {
			c := tensor.New(o.Type, append([]int{}, o.Shape...)...)
			copy(c.Data, o.Data)
			out = append(out, *c)
		}
		return nil
	})
	return out, err
}

// TestLateView reads a view that is made when its shape is known, after other nodes could have taken the memory.
func TestLateView(t *testing.T) {
	p := program(t, &proto.Graph{Inputs: values(tensor.Float, "x"), Outputs: values(tensor.Float, "y"), Nodes: []*proto.Node{
		node("Add", []string{"x", "x"}, []string{"a"}),
		node("NonZero", []string{"a"}, []string{"places"}),
		node("Shape", []string{"places"}, []string{"shape"}), // 1 and as many as there are
		node("Reshape", []string{"a", "shape"}, []string{"view"}),
		node("Mul", []string{"x", "x"}, []string{"b"}),
		node("Mul", []string{"b", "x"}, []string{"c"}),
		node("Mul", []string{"c", "x"}, []string{"d"}),
		node("Add", []string{"view", "d"}, []string{"y"}),
	}})
	out, err := run(t.Context(), p, 1<<16, tensor.From([]float32{1, 2, 3}, 3))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3}, out[0].Shape)
	assert.Equal(t, []float32{3, 20, 87}, tensor.Slice[float32](&out[0]))
}

// counting is a loop that adds a captured value to what it carries, or takes 1 off every other turn, and returns all of it.
func counting() *proto.Graph {
	branch := func(name, op, by string) *proto.Attribute {
		return body(name, &proto.Graph{Name: name, Outputs: values(tensor.Float, name), Nodes: []*proto.Node{node(op, []string{"have", by}, []string{name})}})
	}
	return &proto.Graph{
		Inputs:  append(values(tensor.Int64, "n"), value("x", tensor.Float)),
		Outputs: values(tensor.Float, "last", "all"),
		Initializers: []*proto.Tensor{constant("one", tensor.From([]float32{1}, 1)), constant("two", tensor.From([]int64{2})),
			constant("none", tensor.From([]int64{0})), constant("start", tensor.From([]float32{0}, 1))},
		Nodes: []*proto.Node{
			node("Mul", []string{"x", "x"}, []string{"step"}),
			node("Loop", []string{"n", "", "start"}, []string{"last", "all"}, body("body", &proto.Graph{
				Inputs:  append(values(tensor.Int64, "i"), value("on", tensor.Bool), value("have", tensor.Float)),
				Outputs: append(values(tensor.Bool, "on2"), values(tensor.Float, "next", "seen")...),
				Nodes: []*proto.Node{
					node("Mod", []string{"i", "two"}, []string{"odd"}),
					node("Equal", []string{"odd", "none"}, []string{"even"}),
					node("If", []string{"even"}, []string{"next"}, branch("then_branch", "Add", "step"), branch("else_branch", "Sub", "one")),
					node("Identity", []string{"have"}, []string{"seen"}),
					node("Identity", []string{"on"}, []string{"on2"}),
				},
			})),
		},
	}
}

func TestLoop(t *testing.T) {
	p := program(t, counting())
	x := tensor.From([]float32{2}, 1)
	for _, n := range []int64{0, 1, 2, 5} {
		out, err := run(t.Context(), p, 1<<16, tensor.From([]int64{n}), x)
		require.NoError(t, err)
		have, all := float32(0), []float32{}
		for i := range n {
			all = append(all, have)
			if have += 4; i%2 == 1 {
				have -= 5
			}
		}
		assert.Equal(t, []float32{have}, tensor.Slice[float32](&out[0]))
		assert.Equal(t, all, append([]float32{}, tensor.Slice[float32](&out[1])...))
		if n > 0 {
			assert.Equal(t, []int{int(n), 1}, out[1].Shape)
		}
	}
}

// TestLoopMemory takes more turns than there is memory for, if each kept what it took.
func TestLoopMemory(t *testing.T) {
	g := counting()
	_, err := run(t.Context(), program(t, g), 64<<10, tensor.From([]int64{20_000}), tensor.From([]float32{2}, 1))
	assert.ErrorIs(t, err, scope.ErrExhausted) // the second output has all turns
	g.Outputs = g.Outputs[:1]
	loop := g.Nodes[1]
	inner := loop.Attributes[0].G
	inner.Outputs, loop.Outputs = inner.Outputs[:2], loop.Outputs[:1]
	out, err := run(t.Context(), program(t, g), 64<<10, tensor.From([]int64{20_000}), tensor.From([]float32{2}, 1))
	require.NoError(t, err)
	assert.Equal(t, []float32{30_000}, tensor.Slice[float32](&out[0]))
}

// TestLoopEnds cancels a loop that has no end.
func TestLoopEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := run(ctx, program(t, counting()), 1<<16, tensor.From([]int64{1 << 62}), tensor.From([]float32{2}, 1))
	assert.ErrorIs(t, err, context.Canceled)
}

// TestScan runs a sum over columns, from the end, and puts what it gives side by side.
func TestScan(t *testing.T) {
	ints := func(name string, v ...int64) *proto.Attribute {
		return &proto.Attribute{Name: name, Type: proto.AttrInts, Ints: v}
	}
	p := program(t, &proto.Graph{Inputs: values(tensor.Float, "x"), Outputs: values(tensor.Float, "sum", "sums"),
		Initializers: []*proto.Tensor{constant("start", tensor.From([]float32{0, 0}, 2))},
		Nodes: []*proto.Node{node("Scan", []string{"start", "x"}, []string{"sum", "sums"},
			&proto.Attribute{Name: "num_scan_inputs", Type: proto.AttrInt, I: 1},
			ints("scan_input_axes", 1), ints("scan_output_axes", -1), ints("scan_input_directions", 1), ints("scan_output_directions", 1),
			body("body", &proto.Graph{Inputs: values(tensor.Float, "have", "column"), Outputs: values(tensor.Float, "next", "out"), Nodes: []*proto.Node{
				node("Add", []string{"have", "column"}, []string{"next"}),
				node("Identity", []string{"next"}, []string{"out"}),
			}}))}})
	out, err := run(t.Context(), p, 1<<16, tensor.From([]float32{1, 2, 3, 10, 20, 30}, 2, 3))
	require.NoError(t, err)
	assert.Equal(t, []float32{6, 60}, tensor.Slice[float32](&out[0]))
	assert.Equal(t, []int{2, 3}, out[1].Shape)
	assert.Equal(t, []float32{6, 5, 3, 60, 50, 30}, tensor.Slice[float32](&out[1]))
}
