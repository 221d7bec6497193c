package ops

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// LookupHead returns, for an Equal of integers with the numbers 0, 1, 2 and so on along a new last axis, a Cast of that to
// float32 and a product by a matrix of as many rows, the head that looks up rows of the matrix: zeros for a number that is none
// of a row. nil if it is something else, or a row is not finite.
func LookupHead(c *Call, cast *graph.Node, matrix *tensor.Tensor) *Head {
	if len(c.In) != 2 || c.In[0] == nil || c.In[1] == nil || c.In[0].Type != tensor.Int32 && c.In[0].Type != tensor.Int64 {
		return nil
	}
	x, y := c.In[0], c.In[1]
	n := y.Len()
	to := cast.Attrs["to"]
	if !y.Fixed || y.Type != x.Type || x.Rank() < 2 || x.Shape[x.Rank()-1] != 1 || y.Rank() == 0 || y.Rank() > x.Rank() || y.Shape[y.Rank()-1] != n ||
		to == nil || to.Type != proto.AttrInt || tensor.Type(to.I) != tensor.Float ||
		matrix.Type != tensor.Float || matrix.Rank() != 2 || matrix.Shape[0] != n || x.Len() == 0 || matrix.Len() == 0 {
		return nil
	}
	numbers, err := y.Integers()
	for i, v := range numbers {
		if err != nil || v != i {
			return nil
		}
	}
	rows := slice[float32](matrix)
	for _, v := range rows {
		if v-v != 0 {
			return nil
		}
	}
	width := matrix.Shape[1]
	shape := slices.Clone(x.Shape)
	shape[len(shape)-1] = width
	h := &Head{Shape: shape, In: []int{0}}
	h.make = func(h *Head, chain *Chain) (Kernel, int) {
		work := 0
		if chain != nil {
			work = chain.Close(1)
		}
		if x.Type == tensor.Int32 {
			return lookupKernel[int32](rows, n, width, chain), work
		}
		return lookupKernel[int64](rows, n, width, chain), work
	}
	return h
}

func lookupKernel[T int32 | int64](rows []float32, n, width int, chain *Chain) Kernel {
	const band = 128
	return func(a *Args) error {
		dst, x := slice[float32](a.Out[0]), slice[T](a.In[0])
		for at := 0; at < len(x); at += band {
			end := min(at+band, len(x))
			for i, v := range x[at:end] {
				d := dst[(at+i)*width:][:width]
				if v < 0 || int64(v) >= int64(n) {
					clear(d)
				} else {
					copy(d, rows[int(v)*width:])
				}
			}
			if chain != nil {
				chain.run(a, dst, at*width, end*width, tensor.As[float32](a.Work))
			}
		}
		return nil
	}
}
