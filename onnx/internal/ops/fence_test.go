package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A fenced is a kernel with what it takes.
type fenced struct {
	kernel ops.Kernel
	work   int
	in     []*tensor.Tensor
	out    []*tensor.Tensor // types and shapes
}

// run computes with memory that has pages behind or before it which cannot be touched, or with ordinary memory. What the kernel
// has to write is NaN before, its work memory, too. It returns the outputs.
func (f *fenced) run(t *testing.T, memory func(n int) []byte) [][]byte {
	t.Helper()
	dirty := func(n int) []byte {
		b := memory(n)
		for i := range b {
			b[i] = 0xff
		}
		return b
	}
	with := func(list []*tensor.Tensor, memory func(n int) []byte, fill bool) (all []*tensor.Tensor) {
		for _, x := range list {
			if x == nil {
				all = append(all, nil)
				continue
			}
			y := &tensor.Tensor{Type: x.Type, Shape: x.Shape, Data: memory(x.Type.Bytes(x.Len()))}
			if fill {
				copy(y.Data, x.Data)
			}
			all = append(all, y)
		}
		return all
	}
	a := &ops.Args{In: with(f.in, memory, true), Out: with(f.out, dirty, false), Work: dirty(f.work)}
	require.NoError(t, f.kernel(a))
	for i, x := range f.in {
		if x != nil {
			require.Equal(t, x.Data, a.In[i].Data, "input %d", i)
		}
	}
	var all [][]byte
	for _, x := range a.Out {
		if x != nil {
			all = append(all, append([]byte(nil), x.Data...))
		}
	}
	return all
}

// attack compares a kernel in ordinary memory with itself between fences.
func (f *fenced) attack(t *testing.T) {
	t.Helper()
	want := f.run(t, tensor.Bytes)
	for _, first := range []bool{false, true} {
		require.Equal(t, want, f.run(t, func(n int) []byte { return testenv.Fenced[byte](t, n, first) }), "behind the first fence: %v", first)
	}
}

// callOf makes the call of an operator; constants says that all inputs but the first are known for ever.
func callOf(op string, opset int, attrs map[string]any, outputs int, constants bool, in ...*tensor.Tensor) *ops.Call {
	n := &graph.Node{Op: op, Opset: opset, Attrs: attributes(attrs)}
	for i := range outputs {
		n.Out = append(n.Out, &graph.Value{ID: i})
	}
	c := &ops.Call{Node: n, In: make([]*ops.Operand, len(in))}
	for i, x := range in {
		if x != nil {
			c.In[i] = &ops.Operand{Tensor: x, Known: constants && i > 0, Fixed: constants && i > 0}
		}
	}
	return c
}

// operator is an operator as it is without others.
func operator(t *testing.T, op string, opset int, attrs map[string]any, outputs int, constants bool, in ...*tensor.Tensor) *fenced {
	c := callOf(op, opset, attrs, outputs, constants, in...)
	require.NoError(t, c.Do(ops.Lookup("", op, opset)), op)
	require.NotNil(t, c.Kernel, op)
	f := &fenced{kernel: c.Kernel, work: c.Work, in: in}
	for _, r := range c.Results {
		if r.Type == tensor.Undefined {
			f.out = append(f.out, nil)
		} else {
			f.out = append(f.out, &tensor.Tensor{Type: r.Type, Shape: r.Shape})
		}
	}
	return f
}

// head is a node that others follow: an activation, or none.
func head(t *testing.T, c *ops.Call, h *ops.Head, err error, behind string) *fenced {
	require.NoError(t, err)
	require.NotNil(t, h, c.Op)
	chain := ops.NewChain(h.Shape, h.Last, 0)
	if behind != "" {
		next := &ops.Call{Node: &graph.Node{Op: behind, Opset: 14, Out: []*graph.Value{{ID: 1}}}, In: []*ops.Operand{{Tensor: &tensor.Tensor{Type: tensor.Float, Shape: h.Shape}}}}
		require.True(t, chain.Add(next, []int{0}, 1))
	} else {
		chain = nil
	}
	kernel, work := h.Kernel(chain)
	require.NotNil(t, kernel)
	f := &fenced{kernel: kernel, work: work, out: []*tensor.Tensor{{Type: tensor.Float, Shape: h.Shape}}}
	for _, i := range h.In {
		f.in = append(f.in, c.In[i].Tensor)
	}
	return f
}

func integers(v ...int64) *tensor.Tensor { return tensor.From(v, len(v)) }

// TestFencedHeads attacks the kernels of nodes that others follow, on odd shapes.
func TestFencedHeads(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			behind := []string{"", "Relu", "HardSwish", "Tanh"}[seed%4]
			batch, in, out, h, w, k := 1+r.IntN(2), 1+r.IntN(70), 1+r.IntN(70), 3+r.IntN(17), 3+r.IntN(17), 1+r.IntN(3)
			pads := []int{r.IntN(k), r.IntN(k), r.IntN(k), r.IntN(k)}
			groups := 1
			if r.IntN(4) == 0 {
				groups, out = in, in
			}
			attrs := map[string]any{"strides": []int{1 + r.IntN(2), 1 + r.IntN(2)}, "pads": pads, "group": groups}
			c := callOf("Conv", 11, attrs, 1, true, random[float32](r, batch, in, h, w), random[float32](r, out, in/groups, k, k), random[float32](r, out))
			conv, err := ops.ConvHead(c)
			head(t, c, conv, err, behind).attack(t)
			stride := 1 + r.IntN(3)
			c = callOf("ConvTranspose", 11, map[string]any{"strides": []int{stride, stride}}, 1, true, random[float32](r, batch, in, 1+h/3, 1+w/3), random[float32](r, in, 1+out/4, k, k), random[float32](r, 1+out/4))
			if turned, _ := ops.ConvTransposeHead(c); turned != nil {
				if kernel, _ := turned.Kernel(nil); kernel != nil {
					turned, err := ops.ConvTransposeHead(c)
					head(t, c, turned, err, behind).attack(t)
				}
			}
			c = callOf("MatMul", 13, nil, 1, true, random[float32](r, batch, h, in), random[float32](r, in, out))
			product, err := ops.ProductHead(c)
			head(t, c, product, err, behind).attack(t)
		})
	}
}

// TestBatchBits: an image has the same bits alone and in a batch.
func TestBatchBits(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 6))
		in, out, h, w, k := 1+r.IntN(70), 1+r.IntN(70), 3+r.IntN(12), 3+r.IntN(12), 1+r.IntN(3)
		weights, bias := random[float32](r, out, in, k, k), random[float32](r, out)
		images := random[float32](r, 3, h, w, in)
		run := func(x *tensor.Tensor) []byte {
			shape := []int{x.Shape[0], in, h, w}
			c := callOf("Conv", 11, map[string]any{"pads": []int{k / 2, k / 2, k / 2, k / 2}}, 1, true, &tensor.Tensor{Type: tensor.Float, Shape: shape, Data: x.Data}, weights, bias)
			conv, err := ops.ConvHead(c)
			return head(t, c, conv, err, []string{"", "Relu", "HardSwish"}[seed%3]).run(t, tensor.Bytes)[0]
		}
		all := run(images)
		for n := range 3 {
			size := len(images.Data) / 3
			alone := run(&tensor.Tensor{Type: tensor.Float, Shape: []int{1, h, w, in}, Data: images.Data[n*size : (n+1)*size]})
			require.Equal(t, all[n*len(alone):(n+1)*len(alone)], alone, "seed %d, image %d", seed, n)
		}
	}
}

// TestFencedScores attacks attention: with masks that repeat, and less memory than all scores take.
func TestFencedScores(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		batch, heads, m, k, n, size := 1+r.IntN(2), 1+r.IntN(3), 1+r.IntN(140), 1+r.IntN(20), 1+r.IntN(90), 1+r.IntN(20)
		q, key, v := random[float32](r, batch, heads, m, k), random[float32](r, 1, heads, k, n), random[float32](r, batch, 1, n, size)
		mask := random[float32](r, heads, 1, n)
		kernel, shape, work, ok := ops.Scores(q.Shape, key.Shape, v.Shape, []ops.ScoreStep{{Factor: 0.5}, {Mask: mask.Shape}})
		require.True(t, ok)
		require.Equal(t, []int{batch, heads, m, size}, shape)
		f := &fenced{kernel, work, []*tensor.Tensor{q, key, v, mask}, []*tensor.Tensor{{Type: tensor.Float, Shape: shape}}}
		f.attack(t)
	}
}

// TestFencedOperators attacks operators as they are without others.
func TestFencedOperators(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 8))
		n, c, h, w := 1+r.IntN(2), 1+r.IntN(9), 2+r.IntN(9), 2+r.IntN(40)
		image := func() *tensor.Tensor { return random[float32](r, n, c, h, w) }
		sequence := func(gates int) []*tensor.Tensor {
			return []*tensor.Tensor{random[float32](r, h, n, c), random[float32](r, 2, gates*w, c), random[float32](r, 2, gates*w, w), random[float32](r, 2, 2*gates*w)}
		}
		lstm, gru := sequence(4), sequence(3)
		both := map[string]any{"direction": "bidirectional", "hidden_size": w}
		bytes := func(shape ...int) *tensor.Tensor {
			v := make([]uint8, tensor.Count(shape))
			for i := range v {
				v[i] = uint8(r.IntN(256))
			}
			return tensor.From(v, shape...)
		}
		for name, f := range map[string]*fenced{
			"Conv":                  operator(t, "Conv", 11, map[string]any{"pads": []int{1, 0, 1, 1}}, 1, false, image(), random[float32](r, 5, c, 2, 2), random[float32](r, 5)),
			"Conv double":           operator(t, "Conv", 11, nil, 1, false, random[float64](r, n, c, h, w), random[float64](r, 5, c, 2, 2)),
			"ConvTranspose":         operator(t, "ConvTranspose", 11, map[string]any{"strides": []int{2, 1}}, 1, false, image(), random[float32](r, c, 3, 2, 2)),
			"MaxPool":               operator(t, "MaxPool", 12, map[string]any{"kernel_shape": []int{2, 2}, "pads": []int{1, 1, 0, 0}}, 2, false, image()),
			"AveragePool":           operator(t, "AveragePool", 11, map[string]any{"kernel_shape": []int{2, 2}, "strides": []int{1, 2}}, 1, false, image()),
			"GlobalAveragePool":     operator(t, "GlobalAveragePool", 1, nil, 1, false, image()),
			"LpPool":                operator(t, "LpPool", 11, map[string]any{"kernel_shape": []int{2, 2}}, 1, false, image()),
			"LRN":                   operator(t, "LRN", 13, map[string]any{"size": 3}, 1, false, image()),
			"InstanceNormalization": operator(t, "InstanceNormalization", 6, nil, 1, false, image(), random[float32](r, c), random[float32](r, c)),
			"LayerNormalization":    operator(t, "LayerNormalization", 17, nil, 1, false, image(), random[float32](r, w), random[float32](r, w)),
			"RMSNormalization":      operator(t, "RMSNormalization", 23, nil, 1, false, image(), random[float32](r, w)),
			"BatchNormalization": operator(t, "BatchNormalization", 9, nil, 1, false, image(), random[float32](r, c), random[float32](r, c), random[float32](r, c),
				tensor.From(positive(r, c), c)),
			"MeanVarianceNormalization": operator(t, "MeanVarianceNormalization", 13, nil, 1, false, image()),
			"Softmax":                   operator(t, "Softmax", 13, map[string]any{"axis": 1}, 1, false, image()),
			"LogSoftmax":                operator(t, "LogSoftmax", 13, nil, 1, false, image()),
			"MatMul":                    operator(t, "MatMul", 13, nil, 1, false, image(), random[float32](r, c, w, h)),
			"Gemm":                      operator(t, "Gemm", 13, map[string]any{"transA": 1, "alpha": 0.5}, 1, false, random[float32](r, c, h), random[float32](r, c, w), random[float32](r, w)),
			"Einsum":                    operator(t, "Einsum", 12, map[string]any{"equation": "nchw,nkw->nchk"}, 1, false, image(), random[float32](r, n, 3, w)),
			"LSTM":                      operator(t, "LSTM", 14, both, 3, true, lstm...),
			"GRU":                       operator(t, "GRU", 14, both, 2, false, gru...),
			"Attention": operator(t, "Attention", 23, map[string]any{"is_causal": 1}, 1, false, image(), random[float32](r, n, c, 5, w), random[float32](r, n, c, 5, 3),
				random[float32](r, h, 5)),
			"Transpose":             operator(t, "Transpose", 13, map[string]any{"perm": []int{3, 1, 0, 2}}, 1, false, image()),
			"Concat":                operator(t, "Concat", 13, map[string]any{"axis": 3}, 1, false, image(), random[float32](r, n, c, h, 3)),
			"Pad":                   operator(t, "Pad", 13, map[string]any{"mode": "reflect"}, 1, true, image(), integers(0, 0, 1, 1, 0, 0, 1, 1)),
			"Resize nearest":        operator(t, "Resize", 13, nil, 1, true, image(), nil, tensor.From([]float32{1, 1, 1.5, 2}, 4)),
			"Resize linear":         operator(t, "Resize", 13, map[string]any{"mode": "linear"}, 1, true, image(), nil, tensor.From([]float32{1, 1, 0.7, 2}, 4)),
			"Resize cubic":          operator(t, "Resize", 13, map[string]any{"mode": "cubic"}, 1, true, image(), nil, tensor.From([]float32{1, 1, 1.5, 1.2}, 4)),
			"ReduceMean":            operator(t, "ReduceMean", 13, map[string]any{"axes": []int{1, 3}}, 1, false, image()),
			"ReduceLogSumExp":       operator(t, "ReduceLogSumExp", 13, map[string]any{"axes": []int{2}}, 1, false, image()),
			"Tanh":                  operator(t, "Tanh", 13, nil, 1, false, image()),
			"Gelu":                  operator(t, "Gelu", 20, nil, 1, false, image()),
			"PRelu":                 operator(t, "PRelu", 16, nil, 1, false, image(), random[float32](r, c, 1, 1)),
			"Add":                   operator(t, "Add", 14, nil, 1, false, image(), random[float32](r, c, 1, w)),
			"CumSum":                operator(t, "CumSum", 14, nil, 1, true, image(), tensor.From([]int64{2})),
			"TopK":                  operator(t, "TopK", 11, nil, 2, true, image(), integers(2)),
			"DepthToSpace":          operator(t, "DepthToSpace", 13, map[string]any{"blocksize": 2}, 1, false, random[float32](r, n, 4*c, h, w)),
			"Gather":                operator(t, "Gather", 13, map[string]any{"axis": 2}, 1, false, image(), integers(1, 0, 1)),
			"Cast":                  operator(t, "Cast", 13, map[string]any{"to": int(tensor.Int64)}, 1, false, image()),
			"QuantizeLinear":        operator(t, "QuantizeLinear", 13, nil, 1, false, image(), tensor.From([]float32{0.1}), tensor.From([]uint8{7})),
			"DynamicQuantizeLinear": operator(t, "DynamicQuantizeLinear", 11, nil, 3, false, image()),
			"MatMulInteger":         operator(t, "MatMulInteger", 10, nil, 1, false, bytes(n, h, c), bytes(c, w)),
			"ConvInteger":           operator(t, "ConvInteger", 10, nil, 1, false, bytes(n, c, h, w), bytes(3, c, 2, 2)),
		} {
			t.Run(fmt.Sprint(name, " ", seed), f.attack)
		}
	}
}

func positive(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = r.Float32() + 0.1
	}
	return v
}
