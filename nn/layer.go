package nn

import (
	"context"
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// A Tensor is the input and output of a layer: float32, its first axis the batch.
type Tensor = allocarray.AllocArray[float32]

// A Layer computes an output from an input. It takes all memory it needs from ctx.
// The output may share elements with the input, as that of [Flatten] does. Forward
// never changes its input.
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

	// Parameters returns the weights by name. Their elements are the layer's
	// own, on the Go heap. Code that writes them must call ParametersChanged
	// afterwards, and must not write while Forward runs.
	Parameters() []Parameter

	// ParametersChanged prepares the weights for Forward.
	ParametersChanged()
}

// A Parameter is a named weight of a layer.
type Parameter struct {
	Name  string // unique in a model, as in "fc1.weight"
	Value Tensor

	// check, if not nil, returns why a file's values cannot be the parameter's,
	// or "".
	check func(values []float32) (reason string)
}

// weightAndBias are the parameters of most layers. Those without bias have an empty one.
func weightAndBias(name string, weight, bias Tensor) []Parameter {
	p := []Parameter{{Name: name + ".weight", Value: weight}}
	if bias.Rank() > 0 {
		p = append(p, Parameter{Name: name + ".bias", Value: bias})
	}
	return p
}

// elements returns those of a bias, or nil if there is none.
func elements(bias Tensor) []float32 {
	if bias.Rank() == 0 {
		return nil
	}
	return bias.Data()
}

// shapeText formats a shape as in 28×28; a scalar's as (). Of a shape with more axes
// than anyone reads, which a hostile file may have, it gives their number.
func shapeText(shape []int) string {
	switch n := len(shape); {
	case n == 0:
		return "()"
	case n > 16:
		return fmt.Sprintf("of %d axes", n)
	}
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(shape), "[]")), "×")
}

// requireLive panics, as an access would, if the scope of x or y has ended while a layer
// computed y from x: what it has read may belong to another scope by now. As in package
// allocarray, this is best effort against other goroutines, and does not undo a write.
func requireLive(x, y *Tensor) {
	if !x.Live() {
		_ = x.Data()
	}
	if !y.Live() {
		_ = y.Data()
	}
}
