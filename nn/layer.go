package nn

import (
	"context"
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// A Tensor is the input and output of a layer: float32, its first axis the batch.
type Tensor = allocarray.AllocArray[float32]

// A Layer computes an output from an input, with memory from ctx for all it needs.
// The output may share elements with the input, as that of [Flatten] does; the
// input is never changed.
type Layer interface {
	Forward(ctx context.Context, x Tensor) Tensor
}

// A Shaper is a [Layer] that knows the shape of its output. [NewChain] checks a
// model with it.
type Shaper interface {
	// OutputShape returns the shape that a sample of the given shape becomes,
	// both without the batch axis, or an error if the layer does not take it.
	OutputShape(sample []int) ([]int, error)
}

// A Parametric is a [Layer] with weights.
type Parametric interface {
	Layer

	// Parameters returns the weights by name. The elements are the layer's own,
	// on the Go heap: whoever writes them calls ParametersChanged afterwards,
	// and must not do so while Forward runs.
	Parameters() []Parameter

	// ParametersChanged prepares the weights for Forward.
	ParametersChanged()
}

// A Parameter is a named weight of a layer.
type Parameter struct {
	Name  string // unique in a model, as in "fc1.weight"
	Value Tensor
}

// sameShape is the OutputShape of layers that work element by element.
func sameShape(sample []int) ([]int, error) { return append([]int(nil), sample...), nil }

// shapeText formats a shape as in 28×28; a scalar's as ().
func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "()"
	}
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(shape), "[]")), "×")
}
