package ops

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// ChannelsLast returns a shape with the channels behind the spatial axes.
func ChannelsLast(shape []int) []int {
	s := append(slices.Clone(shape[:1]), shape[2:]...)
	return append(s, shape[1])
}

// ChannelsFirst is the opposite of [ChannelsLast].
func ChannelsFirst(shape []int) []int {
	last := len(shape) - 1
	return append([]int{shape[0], shape[last]}, shape[1:last]...)
}

// axisLast is where an axis is if the channels are last.
func axisLast(axis, rank int) int {
	switch {
	case axis == 0:
		return 0
	case axis == 1:
		return rank - 1
	}
	return axis - 1
}

// Permute changes c into a call for inputs with the channels last: their shapes, and what the node says about axes. It
// returns how many of the first inputs that is about, 0 if the operator does not work that way, and
// whether the outputs have the channels last, too.
func Permute(c *Call) (count int, back bool) {
	if c.In[0] == nil || c.In[0].Type != tensor.Float || c.In[0].Rank() < 3 {
		return 0, false
	}
	rank := c.In[0].Rank()
	count, back = 1, true
	attrs := map[string]*proto.Attribute{}
	for k, v := range c.Attrs {
		attrs[k] = v
	}
	switch c.Op {
	case "Concat":
		if attrs["axis"] == nil {
			return 0, false
		}
		for _, x := range c.In {
			if x == nil || x.Type != tensor.Float || x.Rank() != rank {
				return 0, false
			}
		}
		count = len(c.In)
		if !renameAxis(attrs, rank) {
			return 0, false
		}
	case "Softmax", "LogSoftmax":
		if attrs["axis"] == nil || c.Opset < 13 || !renameAxis(attrs, rank) {
			return 0, false
		}
	case "Resize", "Upsample":
		if c.HasAttr("axes") || c.HasAttr("scales") || !permuteInputs(c, rank) {
			return 0, false
		}
	case "Transpose":
		perm, ok := c.Ints("perm")
		if !ok || len(perm) != rank {
			return 0, false
		}
		back = false
		a := *attrs["perm"]
		a.Ints = slices.Clone(a.Ints)
		for i, p := range perm {
			if p < 0 || p >= rank {
				return 0, false
			}
			a.Ints[i] = int64(axisLast(p, rank))
		}
		attrs["perm"] = &a
	case "LRN":
		return lrnLast(c)
	default:
		return 0, false
	}
	c.Node = &graph.Node{Name: c.Name, Op: c.Op, Domain: c.Domain, Opset: c.Opset, In: c.Node.In, Out: c.Node.Out, Attrs: attrs}
	for i := range count {
		x := *c.In[i]
		x.Tensor = &tensor.Tensor{Type: x.Type, Shape: ChannelsLast(x.Shape)}
		x.Known = false
		c.In[i] = &x
	}
	return count, back
}

func renameAxis(attrs map[string]*proto.Attribute, rank int) bool {
	a := *attrs["axis"]
	axis := int(a.I)
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		return false
	}
	a.I = int64(axisLast(axis, rank))
	attrs["axis"] = &a
	return true
}

// permuteInputs puts the elements of the other inputs, one for each axis, in order.
func permuteInputs(c *Call, rank int) bool {
	for i := 1; i < len(c.In); i++ {
		x := c.In[i]
		if x == nil || x.Len() == 0 {
			continue
		}
		if !x.Known || x.Rank() != 1 || x.Len()%rank != 0 {
			return false
		}
		y := tensor.New(x.Type, slices.Clone(x.Shape)...)
		size := x.Type.Bits() / 8
		if size == 0 {
			return false
		}
		for k := range x.Len() {
			to := k/rank*rank + axisLast(k%rank, rank)
			copy(y.Data[to*size:(to+1)*size], x.Data[k*size:])
		}
		c.In[i] = &Operand{Tensor: y, Known: true, Fixed: x.Fixed}
	}
	return true
}

// hidden is the domain of forms of operators that no file can name.
const hidden = "\x00"
