package engine_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A drawing is a random graph of what networks of images are made of.
type drawing struct {
	r     *rand.Rand
	g     *proto.Graph
	names []string
	shape map[string][]int
}

func (d *drawing) constant(shape ...int) string {
	t := tensor.New(tensor.Float, shape...)
	for i := range tensor.Slice[float32](t) {
		tensor.Slice[float32](t)[i] = float32(d.r.NormFloat64() * 0.5)
	}
	name := fmt.Sprintf("constant %d", len(d.g.Initializers))
	d.g.Initializers = append(d.g.Initializers, &proto.Tensor{Name: name, Tensor: *t})
	return name
}

func (d *drawing) node(shape []int, op string, in []string, attrs ...*proto.Attribute) string {
	name := fmt.Sprintf("value %d", len(d.g.Nodes))
	d.g.Nodes = append(d.g.Nodes, &proto.Node{Name: op, Op: op, Inputs: in, Outputs: []string{name}, Attributes: attrs})
	d.names, d.shape[name] = append(d.names, name), shape
	return name
}

func (d *drawing) any() string { return d.names[d.r.IntN(len(d.names))] }

// recent is any, but rather one of the last.
func (d *drawing) recent() string {
	return d.names[max(0, len(d.names)-1-d.r.IntN(3))]
}

func ints(name string, v ...int64) *proto.Attribute {
	return &proto.Attribute{Name: name, Type: proto.AttrInts, Ints: v}
}

func integer(name string, v int) *proto.Attribute {
	return &proto.Attribute{Name: name, Type: proto.AttrInt, I: int64(v)}
}

// step adds a node or two.
func (d *drawing) step() {
	x := d.recent()
	s := d.shape[x]
	n, c, h, w := s[0], s[1], s[2], s[3]
	switch d.r.IntN(16) {
	case 0, 1, 2:
		groups, out, k := 1, 1+d.r.IntN(40), 1+d.r.IntN(3)
		if d.r.IntN(4) == 0 {
			groups, out = c, c
		}
		stride, before, after := 1+d.r.IntN(2), d.r.IntN(2), d.r.IntN(2)
		oh, ow := (h+before+after-k)/stride+1, (w+before+after-k)/stride+1
		if h+before+after < k || w+before+after < k {
			return
		}
		in := []string{x, d.constant(out, c/groups, k, k)}
		if d.r.IntN(2) == 0 {
			in = append(in, d.constant(out))
		}
		y := d.node([]int{n, out, oh, ow}, "Conv", in, integer("group", groups), ints("strides", int64(stride), int64(stride)),
			ints("pads", int64(before), int64(before), int64(after), int64(after)))
		if d.r.IntN(2) == 0 {
			positive := d.constant(out)
			v := tensor.Slice[float32](&d.g.Initializers[len(d.g.Initializers)-1].Tensor)
			for i := range v {
				v[i] = v[i]*v[i] + 0.5
			}
			d.node(d.shape[y], "BatchNormalization", []string{y, d.constant(out), d.constant(out), d.constant(out), positive})
		}
	case 3:
		d.node(s, "Relu", []string{x})
	case 4:
		d.node(s, []string{"Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "LeakyRelu", "Abs", "Neg"}[d.r.IntN(7)], []string{x})
	case 5: // HardSwish in pieces
		three, six, zero := d.constant(), d.constant(), d.constant()
		for i, v := range []float32{3, 6, 0} {
			tensor.Slice[float32](&d.g.Initializers[len(d.g.Initializers)-3+i].Tensor)[0] = v
		}
		y := d.node(s, "Clip", []string{d.node(s, "Add", []string{x, three}), zero, six})
		d.node(s, "Div", []string{d.node(s, "Mul", []string{x, y}), six})
	case 6, 7:
		for range 5 {
			if y := d.any(); fmt.Sprint(d.shape[y]) == fmt.Sprint(s) {
				d.node(s, []string{"Add", "Mul", "Sub", "Max"}[d.r.IntN(4)], []string{x, y})
				return
			}
		}
	case 8:
		d.node(s, []string{"Add", "Mul"}[d.r.IntN(2)], []string{x, d.constant(1, c, 1, 1)})
	case 9:
		k := 1 + d.r.IntN(3)
		if h >= k && w >= k {
			d.node([]int{n, c, h - k + 1, w - k + 1}, []string{"MaxPool", "AveragePool"}[d.r.IntN(2)], []string{x}, ints("kernel_shape", int64(k), int64(k)))
		}
	case 10: // a gate for each channel
		y := d.node([]int{n, c, 1, 1}, []string{"GlobalAveragePool", "GlobalMaxPool"}[d.r.IntN(2)], []string{x})
		y = d.node([]int{n, c, 1, 1}, "Sigmoid", []string{y})
		d.node(s, "Mul", []string{x, y})
	case 11:
		for range 5 {
			if y := d.any(); fmt.Sprint(append([]int{d.shape[y][0]}, d.shape[y][2:]...)) == fmt.Sprint([]int{n, h, w}) {
				d.node([]int{n, c + d.shape[y][1], h, w}, "Concat", []string{x, y}, integer("axis", 1))
				return
			}
		}
	case 12:
		d.node([]int{n, w, c, h}, "Transpose", []string{x}, ints("perm", 0, 3, 1, 2))
	case 13:
		k, stride := 1+d.r.IntN(3), 1+d.r.IntN(2)
		out := 1 + d.r.IntN(10)
		if h*w > 400 {
			return
		}
		d.node([]int{n, out, (h-1)*stride + k, (w-1)*stride + k}, "ConvTranspose", []string{x, d.constant(c, out, k, k)}, ints("strides", int64(stride), int64(stride)))
	case 14:
		d.node([]int{n, c, h, 5}, "MatMul", []string{x, d.constant(w, 5)})
	case 15:
		d.node(s, "PRelu", []string{x, d.constant(c, 1, 1)})
	}
}

func draw(seed uint64) (*proto.Model, *tensor.Tensor) {
	d := &drawing{r: rand.New(rand.NewPCG(seed, 3)), g: &proto.Graph{Name: "random"}, shape: map[string][]int{}}
	shape := []int{1 + d.r.IntN(2), 1 + d.r.IntN(20), 1 + d.r.IntN(12), 1 + d.r.IntN(12)}
	in := &proto.Value{Name: "x", Kind: proto.KindTensor, Type: tensor.Float}
	d.g.Inputs = []*proto.Value{in}
	d.names, d.shape["x"] = []string{"x"}, shape
	for range 4 + d.r.IntN(20) {
		d.step()
	}
	for range 1 + d.r.IntN(2) {
		d.g.Outputs = append(d.g.Outputs, &proto.Value{Name: d.recent(), Kind: proto.KindTensor, Type: tensor.Float})
	}
	if d.g.Outputs[0].Name == d.g.Outputs[len(d.g.Outputs)-1].Name {
		d.g.Outputs = d.g.Outputs[:1]
	}
	x := tensor.New(tensor.Float, shape...)
	for i := range tensor.Slice[float32](x) {
		tensor.Slice[float32](x)[i] = float32(d.r.NormFloat64())
	}
	return &proto.Model{Graph: d.g, Opsets: []proto.Opset{{Version: 14}}}, x
}

// outputs runs a model.
func outputs(t *testing.T, m *proto.Model, o engine.Options, in ...*tensor.Tensor) [][]float32 {
	t.Helper()
	p, err := engine.Compile(m, o)
	require.NoError(t, err)
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var all [][]float32
	for range 2 {
		all = nil
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			r, err := p.Run(ctx, in)
			if err != nil {
				return err
			}
			defer r.Release()
			for _, out := range r.Outputs() {
				all = append(all, append([]float32(nil), tensor.Slice[float32](&out.Tensor)...))
			}
			return nil
		}))
	}
	return all
}

// TestJoinedNodes compares random graphs, as they are planned, with the same graphs node by node.
func TestJoinedNodes(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		joined(t, seed)
	}
}

// FuzzJoinedNodes is [TestJoinedNodes] with any seed.
func FuzzJoinedNodes(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) { joined(t, seed) })
}

func joined(t *testing.T, seed uint64) {
	m, x := draw(seed)
	want, got := outputs(t, m, engine.Options{Keep: true}, x), outputs(t, m, engine.Options{}, x)
	for i := range want {
		require.Len(t, got[i], len(want[i]))
		most := 1.0
		for _, v := range want[i] {
			if !math.IsInf(float64(v), 0) && v == v {
				most = max(most, math.Abs(float64(v)))
			}
		}
		for k, v := range want[i] {
			if math.Abs(float64(v)-float64(got[i][k])) > 2e-4*most {
				require.Failf(t, "differs", "seed %d, output %d: element %d is %g, want %g", seed, i, k, got[i][k], v)
			}
		}
	}
}
