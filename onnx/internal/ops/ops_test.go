package ops_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// attributes makes those of a node out of Go values.
func attributes(values map[string]any) map[string]*proto.Attribute {
	m := map[string]*proto.Attribute{}
	for name, v := range values {
		a := &proto.Attribute{Name: name}
		switch v := v.(type) {
		case int:
			a.Type, a.I = proto.AttrInt, int64(v)
		case float64:
			a.Type, a.F = proto.AttrFloat, float32(v)
		case string:
			a.Type, a.S = proto.AttrString, []byte(v)
		case []int:
			a.Type = proto.AttrInts
			for _, e := range v {
				a.Ints = append(a.Ints, int64(e))
			}
		case []float32:
			a.Type, a.Floats = proto.AttrFloats, v
		case []string:
			a.Type = proto.AttrStrings
			for _, s := range v {
				a.Strings = append(a.Strings, []byte(s))
			}
		}
		m[name] = a
	}
	return m
}

// compute runs an operator with so many outputs; constants says that all inputs but the first are known for ever.
func compute(t testing.TB, op string, opset int, attrs map[string]any, outputs int, constants bool, in ...*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
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
	require.NoError(t, c.Do(ops.Lookup("", op, opset)))
	a := &ops.Args{In: in, Out: make([]*tensor.Tensor, outputs), Work: tensor.Bytes(c.Work)}
	for i := range a.Work {
		a.Work[i] = 0xff // NaN
	}
	for i, r := range c.Results {
		a.Out[i] = tensor.New(r.Type, r.Shape...)
		for j := range a.Out[i].Data {
			a.Out[i].Data[j] = 0xff
		}
	}
	require.NoError(t, c.Kernel(a))
	return a.Out
}

// random returns a tensor of numbers between -1 and 1.
func random[T float32 | float64](r *rand.Rand, shape ...int) *tensor.Tensor {
	s := make([]T, tensor.Count(shape))
	for i := range s {
		s[i] = T(2*r.Float64() - 1)
	}
	return tensor.From(s, shape...)
}

// floats returns the elements of a tensor.
func floats[T float32 | float64](x *tensor.Tensor) []float64 {
	v := make([]float64, x.Len())
	for i, e := range tensor.Slice[T](x) {
		v[i] = float64(e)
	}
	return v
}

// near checks that elements are near to what they should be.
func near[T float32 | float64](t testing.TB, want []float64, have *tensor.Tensor, what ...any) {
	t.Helper()
	s := tensor.Slice[T](have)
	require.Len(t, s, len(want), what...)
	for i, w := range want {
		if math.Abs(float64(s[i])-w) > 1e-5 || s[i] != s[i] {
			require.FailNow(t, "differs", "element %d is %v, want %v; %v", i, s[i], w, what)
		}
	}
}
