package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// large are graphs of nodes that are worth dividing.
func large() map[string]func() (*proto.Model, []*tensor.Tensor) {
	graph := func(d *drawing, out string) (*proto.Model, []*tensor.Tensor) {
		return d.model(14, out), []*tensor.Tensor{normal(d.r, d.shape["x"]...)}
	}
	return map[string]func() (*proto.Model, []*tensor.Tensor){
		"convolution and an activation": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(1, 1, 16, 60, 61)
			return graph(d, d.node(nil, "Sigmoid", []string{d.node(nil, "Conv", []string{"x", d.constant(40, 16, 3, 3), d.constant(40)})}))
		},
		"transposed convolution": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(2, 2, 24, 40, 41)
			y := d.node(nil, "ConvTranspose", []string{"x", d.constant(24, 12, 2, 2), d.constant(12)}, ints("strides", 2, 2))
			return graph(d, d.node(nil, "HardSwish", []string{y}))
		},
		"transposed convolution to one channel": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(3, 1, 24, 80, 41)
			return graph(d, d.node(nil, "Relu", []string{d.node(nil, "ConvTranspose", []string{"x", d.constant(24, 1, 2, 2)}, ints("strides", 2, 2))}))
		},
		"product": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(4, 3, 70, 96)
			return graph(d, d.node(nil, "MatMul", []string{"x", d.constant(96, 100)}))
		},
		"product and an activation": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(5, 3, 170, 96)
			y := d.node(nil, "Add", []string{d.node(nil, "MatMul", []string{"x", d.constant(96, 100)}), d.constant(100)})
			return graph(d, d.node(nil, "Mul", []string{y, d.node(nil, "Sigmoid", []string{y})}))
		},
		"elements": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(6, 2, 150, 301)
			return graph(d, d.node(nil, "Tanh", []string{d.node(nil, "Mul", []string{"x", d.constant(301)})}))
		},
		"resize and other order of axes": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(7, 1, 24, 40, 41)
			d.constant(4)
			copy(d.last(), []float32{1, 1, 2, 2})
			scales := d.g.Initializers[0].Name
			y := d.node(nil, "Conv", []string{"x", d.constant(24, 24, 1, 1)})
			y = d.node(nil, "Resize", []string{y, "", scales}, &proto.Attribute{Name: "coordinate_transformation_mode", Type: proto.AttrString, S: []byte("asymmetric")})
			return graph(d, y)
		},
		"softmax": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(8, 2, 150, 301)
			return graph(d, d.node(nil, "Softmax", []string{"x"}, integer("axis", -1)))
		},
		"layer normalisation": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(9, 2, 150, 301)
			m, in := graph(d, d.node(nil, "LayerNormalization", []string{"x", d.constant(301), d.constant(301)}))
			m.Opsets[0].Version = 17
			return m, in
		},
		"attention": func() (*proto.Model, []*tensor.Tensor) {
			d := newDrawing(10, 2, 131, 96)
			out, more := d.attend(dialect{scale: "Div", mask: "add", axis: -1}, 2, 131, 6, 16)
			m, in := graph(d, out)
			return m, append(in, more...)
		},
	}
}

// TestHelpers: nodes that are large are divided among helpers, with the bits of one goroutine.
func TestHelpers(t *testing.T) {
	for name, draw := range large() {
		t.Run(name, func(t *testing.T) {
			m, in := draw()
			want := outputs(t, m, engine.Options{}, in...)
			p, err := engine.Compile(m, engine.Options{})
			require.NoError(t, err)
			for _, c := range []*trial.Helpers{{N: 2}, {N: 5}, {N: 5, Alone: true}} {
				c.Allocator = scope.Heap()
				r, err := p.Run(scope.WithAllocator(t.Context(), c), in)
				require.NoError(t, err)
				for i, out := range r.Outputs() {
					require.Equal(t, want[i], tensor.Slice[float32](&out.Tensor), "%+v", c)
				}
				r.Release()
				require.Positive(t, c.Used)
			}
		})
	}
}

// TestHelpersAllocateNothing on the Go heap.
func TestHelpersAllocateNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for name, draw := range large() {
		t.Run(name, func(t *testing.T) {
			m, in := draw()
			p, err := engine.Compile(m, engine.Options{})
			require.NoError(t, err)
			b := locked.Share(bumper.NewSlabBuffer(), locked.Cores(3))
			defer b.Close()
			run := func(ctx context.Context) error {
				r, err := p.Run(ctx, in)
				if err == nil {
					r.Release()
				}
				return err
			}
			require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), b), func(ctx context.Context) error {
				again := func() {
					if err := scope.NoEscape(ctx, run); err != nil {
						t.Error(err)
					}
				}
				again()
				require.Zero(t, testing.AllocsPerRun(10, again))
				return nil
			}))
		})
	}
}
