package nn_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A network of two layers that says which of two numbers is larger. The code from
// NewChain on knows no allocator; the caller chooses a bump buffer.
func Example() {
	fc := nn.NewDense("fc", 2, 2)
	fc.Parameters()[0].Value.Set(1, 0, 0) // weight[0][0]
	fc.Parameters()[0].Value.Set(1, 1, 1)
	fc.ParametersChanged()

	model, err := nn.NewChain([]int{2}, fc, nn.Softmax{})
	if err != nil {
		panic(err)
	}

	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.Wrap([]float32{3, 1, 2, 5}, 2, 2)
		y := model.Forward(ctx, x) // released when the function returns
		fmt.Println(allocarray.ArgMaxAxis(ctx, y, 1))
		return nil
	})
	fmt.Println(err)
	// Output:
	// [0 1]
	// <nil>
}

func ExampleNewChain_error() {
	_, err := nn.NewChain([]int{28, 28},
		nn.Flatten{}, nn.NewDense("fc1", 784, 128), nn.ReLU{}, nn.NewDense("fc2", 64, 10))
	fmt.Println(err)
	// Output: nn: layer 3, Dense "fc2" 64→10: takes samples of …×64, not 128
}

func ExampleLoad() {
	trained := nn.NewDense("fc", 3, 1)
	trained.Parameters()[1].Value.Fill(0.5)
	var file bytes.Buffer
	if err := nn.Save(&file, trained, map[string]string{"trained by": "hand"}); err != nil {
		panic(err)
	}

	loaded := nn.NewDense("fc", 3, 1)
	fmt.Println(nn.Load("fc.safetensors", file.Bytes(), loaded))
	fmt.Println(loaded.Parameters()[1].Value)

	other := nn.NewDense("fc", 4, 1)
	fmt.Println(nn.Load("fc.safetensors", file.Bytes(), other))
	// Output:
	// <nil>
	// [0.5]
	// safetensors: fc.safetensors: tensor "fc.weight": shape 1×3, the model wants 1×4
}
