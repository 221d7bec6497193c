package mlp

import (
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/nn"
)

// The sizes of the layers.
const (
	Pixels  = 28 * 28 // of an image, row by row, 0 paper to 255 ink
	Hidden  = 128
	Classes = 10
)

// Name is the model in a few characters.
const Name = "784-128-10"

// New returns the model with all weights zero. Its parameters are fc1.weight,
// 128×784, fc1.bias, fc2.weight, 10×128, and fc2.bias.
func New() (*nn.Chain, error) {
	return nn.NewChain([]int{Pixels},
		nn.NewDense("fc1", Pixels, Hidden), nn.ReLU{},
		nn.NewDense("fc2", Hidden, Classes), nn.Softmax{},
	)
}

// Load returns the model with the weights in data, the content of a safetensors
// file; name stands for it in errors. Weights that are not finite are an error.
func Load(name string, data []byte) (*nn.Chain, error) {
	model, err := New()
	if err != nil {
		return nil, err
	}
	if err := nn.Load(name, data, model); err != nil {
		return nil, err
	}
	return model, requireFinite(name, model)
}

// requireFinite refuses what would make every probability NaN.
func requireFinite(name string, model *nn.Chain) error {
	for _, p := range model.Parameters() {
		for i, v := range p.Value.Data() {
			if v := float64(v); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("mlp: %s: tensor %q: element %d is %v", name, p.Name, i, v)
			}
		}
	}
	return nil
}
