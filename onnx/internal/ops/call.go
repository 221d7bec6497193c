package ops

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// MaxRank is the largest number of axes of a tensor.
const MaxRank = 16

// maxTable is how many elements a table that a call makes may have: more than any axis of a tensor of use.
const maxTable = 1 << 22

// ErrUnknown is returned for a call that needs elements of an input that are not known yet.
var ErrUnknown = errors.New("needs elements that are not known yet")

// An Operand is an input of a call.
type Operand struct {
	*tensor.Tensor      // the elements only if they are known
	Known          bool // the elements are
	Fixed          bool // and are the same whenever the node is called
}

// A Result is an output that a call has declared.
type Result struct {
	Type   tensor.Type
	Shape  []int
	Of     int // the input whose memory the output is a view of, or -1
	Offset int // of the view, in bytes
}

// Args are what a kernel works on. Tensors have their memory, which is uninitialised for outputs.
type Args struct {
	In, Out []*tensor.Tensor // nil for one that is left out
	Work    []byte           // as much as the call has asked for, aligned to 64 bytes
	Team    *Team            // who may help, or nil
}

// A Kernel computes the outputs. It allocates nothing, and goroutines call it at the same time with other
// arguments.
type Kernel func(*Args) error

// A Pair says that an output may be computed in the memory of an input.
type Pair struct{ Out, In int }

// A Call is a node for inputs of certain types and shapes.
type Call struct {
	*graph.Node
	In      []*Operand // nil for one that is left out
	Results []Result   // one for each output of the node
	Kernel  Kernel     // nil if all outputs are views
	Pairs   []Pair
	Work    int // bytes
	Tables  int // bytes of tables on the Go heap that the call has made

	constant *tensor.Tensor
}

// Constant returns output 0, if it does not depend on the elements of inputs; else nil.
func (c *Call) Constant() *tensor.Tensor { return c.constant }

// stop is what ends a call early.
type stop struct{ err error }

// Do calls the operator's function. The error is [ErrUnknown], an [UnsupportedError], or says what is
// wrong with the node. What the function does not do for 16-bit numbers is done with float.
func (c *Call) Do(fn func(*Call)) error {
	err := c.do(fn)
	if _, ok := errors.AsType[*UnsupportedError](err); ok && c.half() != tensor.Undefined {
		e := c.widened(fn)
		if _, ok := errors.AsType[*UnsupportedError](e); !ok {
			return e
		}
	}
	return err
}

func (c *Call) do(fn func(*Call)) (err error) {
	c.Results, c.Kernel, c.Pairs, c.Work, c.Tables, c.constant = make([]Result, len(c.Out)), nil, nil, 0, 0, nil
	for i := range c.Results {
		c.Results[i].Of = -1
	}
	defer func() {
		if v := recover(); v != nil {
			s, ok := v.(stop)
			if !ok {
				panic(v)
			}
			err = s.err
		}
	}()
	fn(c)
	for i, r := range c.Results {
		if c.Out[i] != nil && r.Type == tensor.Undefined {
			return fmt.Errorf("has no output %d", i)
		}
	}
	if c.Work < 0 || c.Work > math.MaxInt/4 { // of overflow, or on the way to it
		return errors.New("needs more memory than there can be")
	}
	return nil
}

// Fail ends the call: the node is wrong.
func (c *Call) Fail(format string, args ...any) { panic(stop{fmt.Errorf(format, args...)}) }

// Unsupported ends the call: the operator is not implemented that far.
func (c *Call) Unsupported(format string, args ...any) { panic(stop{unsupported(format, args...)}) }

// Has reports whether input i is there.
func (c *Call) Has(i int) bool { return i < len(c.In) && c.In[i] != nil }

// Wants reports whether output i is.
func (c *Call) Wants(i int) bool { return i < len(c.Out) && c.Out[i] != nil }

// Input returns input i, which must be there and, if types are given, have one of them.
func (c *Call) Input(i int, types ...tensor.Type) *Operand {
	if !c.Has(i) {
		c.Fail("input %d is missing", i)
	}
	if x := c.In[i]; len(types) == 0 || slices.Contains(types, x.Type) {
		return x
	}
	c.Unsupported("input %d of type %v", i, c.In[i].Type)
	return nil
}

// Elements is [Call.Input] with its elements.
func (c *Call) Elements(i int) *tensor.Tensor {
	x := c.Input(i)
	if !x.Known {
		panic(stop{ErrUnknown})
	}
	return x.Tensor
}

// Integers returns the elements of input i, which are integers.
func (c *Call) Integers(i int) []int {
	v, err := c.Elements(i).Integers()
	if err != nil {
		c.Fail("input %d %v", i, err)
	}
	return v
}

// Outputs checks that the node has n outputs or more; those after the last may be left out, not these.
func (c *Call) Outputs(n int) {
	if len(c.Out) < n {
		c.Fail("%d outputs, want %d", len(c.Out), n)
	}
}

// Declare says what output i is. An output that the node leaves out may be declared.
func (c *Call) Declare(i int, t tensor.Type, shape ...int) {
	if i >= len(c.Results) {
		return
	}
	if _, ok := tensor.CheckedCount(shape, t.Bits()); !ok {
		c.Fail("output %d of impossible shape %v", i, shape)
	}
	if len(shape) > MaxRank {
		c.Unsupported("output %d of rank %d", i, len(shape))
	}
	c.Results[i] = Result{Type: t, Shape: slices.Clone(shape), Of: -1}
}

// View says that output i, declared before, is the memory of input in from an offset in bytes on. It must
// be aligned for the type.
func (c *Call) View(i, in, offset int) {
	if i < len(c.Results) {
		c.Results[i].Of, c.Results[i].Offset = in, offset
	}
}

// InPlace says that output out may be computed in the memory of input in: that the kernel, where it writes
// an element, has read all that is there.
func (c *Call) InPlace(out, in int) { c.Pairs = append(c.Pairs, Pair{out, in}) }

func (c *Call) attr(name string, types ...int64) *proto.Attribute {
	a := c.Attrs[name]
	if a == nil {
		return nil
	}
	if a.Type != 0 && !slices.Contains(types, a.Type) {
		c.Fail("attribute %q is of type %d", name, a.Type)
	}
	return a
}

// HasAttr reports whether the node has an attribute.
func (c *Call) HasAttr(name string) bool { return c.Attrs[name] != nil }

// Int returns an attribute, or what it is if the node does not have it.
func (c *Call) Int(name string, otherwise int) int {
	if a := c.attr(name, proto.AttrInt); a != nil {
		return int(a.I)
	}
	return otherwise
}

// Float is [Call.Int] for numbers.
func (c *Call) Float(name string, otherwise float32) float32 {
	if a := c.attr(name, proto.AttrFloat); a != nil {
		return a.F
	}
	return otherwise
}

// String is [Call.Int] for strings.
func (c *Call) String(name, otherwise string) string {
	if a := c.attr(name, proto.AttrString); a != nil {
		return string(a.S)
	}
	return otherwise
}

// Ints returns an attribute; ok is false if the node does not have it.
func (c *Call) Ints(name string) (v []int, ok bool) {
	a := c.attr(name, proto.AttrInts)
	if a == nil {
		return nil, false
	}
	v = make([]int, len(a.Ints))
	for i, e := range a.Ints {
		v[i] = int(e)
	}
	return v, true
}

// Floats is [Call.Ints] for numbers.
func (c *Call) Floats(name string) (v []float32, ok bool) {
	if a := c.attr(name, proto.AttrFloats); a != nil {
		return a.Floats, true
	}
	return nil, false
}

// Strings is [Call.Ints] for strings.
func (c *Call) Strings(name string) (v []string, ok bool) {
	a := c.attr(name, proto.AttrStrings)
	if a == nil {
		return nil, false
	}
	for _, s := range a.Strings {
		v = append(v, string(s))
	}
	return v, true
}

// Axis checks an axis of a tensor of so many axes, counted from the end if it is negative.
func (c *Call) Axis(axis, rank int) int {
	if axis < -rank || axis >= rank {
		c.Fail("axis %d of a tensor of rank %d", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis
}

// Axes is [Call.Axis] for several; the result is in order. One that comes twice is an error.
func (c *Call) Axes(axes []int, rank int) []int {
	v := make([]int, len(axes))
	for i, a := range axes {
		v[i] = c.Axis(a, rank)
	}
	slices.Sort(v)
	if len(slices.Compact(slices.Clone(v))) != len(v) {
		c.Fail("axes %v of a tensor of rank %d", axes, rank)
	}
	return v
}

// slice returns the elements of x.
func slice[T tensor.Number](x *tensor.Tensor) []T { return tensor.Slice[T](x) }
