package ops

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that pick elements by indices.

func init() {
	register("Gather", gather, 1, 11, 13)
}

// indexAt returns a function that reads the indices of a tensor of int64 or int32.
func indexAt(x *tensor.Tensor, i int) int {
	if x.Type == tensor.Int32 {
		return int(slice[int32](x)[i])
	}
	return int(slice[int64](x)[i])
}

// errIndex reports an index that is not there.
func errIndex(index, extent int) error {
	return fmt.Errorf("index %d of an axis of extent %d", index, extent)
}

func gather(c *Call) {
	x, at := c.Input(0), c.Input(1, tensor.Int64, tensor.Int32)
	if x.Rank() == 0 {
		c.Fail("input 0 is a scalar")
	}
	axis := c.Axis(c.Int("axis", 0), x.Rank())
	shape := append(append(append([]int{}, x.Shape[:axis]...), at.Shape...), x.Shape[axis+1:]...)
	c.Declare(0, x.Type, shape...)
	outer, extent, inner := tensor.Count(x.Shape[:axis]), x.Shape[axis], tensor.Count(x.Shape[axis+1:])
	if size := x.Type.Bits() / 8; at.Known && at.Len() == 1 && outer == 1 && size > 0 {
		i := indexAt(at.Tensor, 0)
		if i < 0 {
			i += extent
		}
		if i < 0 || i >= extent {
			c.Fail("%v", errIndex(i, extent))
		}
		c.View(0, 0, i*inner*size)
		return
	}
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error {
			return gatherPieces(a.Out[0].Strings, a.In[0].Strings, a.In[1], outer, extent, inner)
		}
		return
	}
	switch size := x.Type.Bits() / 8; {
	case size == 0:
		c.Unsupported("elements of type %v", x.Type)
	case inner == 1 && size == 4:
		c.Kernel = func(a *Args) error {
			return gatherPieces(slice[uint32](a.Out[0]), slice[uint32](a.In[0]), a.In[1], outer, extent, 1)
		}
	default:
		c.Kernel = func(a *Args) error {
			return gatherPieces(a.Out[0].Data, a.In[0].Data, a.In[1], outer, extent, inner*size)
		}
	}
}

func gatherPieces[T any](dst, src []T, at *tensor.Tensor, outer, extent, inner int) error {
	n := at.Len()
	for o := range outer {
		for j := range n {
			i := indexAt(at, j)
			if i < 0 {
				i += extent
			}
			if i < 0 || i >= extent {
				return errIndex(i, extent)
			}
			if inner == 1 {
				dst[0] = src[o*extent+i]
			} else {
				copy(dst[:inner], src[(o*extent+i)*inner:])
			}
			dst = dst[inner:]
		}
	}
	return nil
}
