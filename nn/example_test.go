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

// A chain prints as a table.
func ExampleChain_String() {
	model, err := nn.NewChain([]int{28, 28, 1},
		nn.NewConv2D("conv", 1, 8, nn.Square(3)), nn.NewBatchNorm("norm", 8, 1e-5), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.ToNCHW{}, nn.Flatten{}, nn.NewDense("fc", 8*13*13, 10), nn.Softmax{},
	)
	if err != nil {
		panic(err)
	}
	fmt.Println(model)
	// Output:
	// Chain 28×28×1→10
	//    layer                     output   parameters  bytes
	// 0  Conv2D "conv" 1→8 of 3×3  26×26×8  80          320
	// 1  BatchNorm "norm" of 8     26×26×8  32          128
	// 2  nn.ReLU                   26×26×8  0           0
	// 3  MaxPool2D of 2×2          13×13×8  0           0
	// 4  nn.ToNCHW                 8×13×13  0           0
	// 5  nn.Flatten                1352     0           0
	// 6  Dense "fc" 1352→10        10       13530       54120
	// 7  nn.Softmax                10       0           0
	//    all                       10       13642       54568
}
