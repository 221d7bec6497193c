package nn_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A convolutional network that finds the corner in which an image has its bright
// spot. Its weights are PyTorch's layout, out×in×height×width; its images are
// batch×height×width×channels.
func ExampleConv2D() {
	blur := nn.NewConv2D("blur", 1, 1, nn.Square(3).Padded(1))
	blur.Parameters()[0].Value.Fill(1. / 9)
	blur.ParametersChanged()

	model, err := nn.NewChain([]int{4, 4, 1},
		blur, nn.NewBatchNorm("norm", 1, 1e-5), nn.ReLU{}, // one step of the chain
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.Flatten{}, nn.Softmax{},
	)
	if err != nil {
		panic(err)
	}

	image := allocarray.Wrap(make([]float32, 16), 1, 4, 4, 1)
	image.Set(9, 0, 0, 3, 0) // upper right

	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		y := model.Forward(ctx, image)
		fmt.Println(y.Shape(), allocarray.ArgMax(y))
		return nil
	})
	fmt.Println(err)
	// Output:
	// [1 4] 1
	// <nil>
}

// Layers for images say which of them an image does not fit, and why.
func ExampleNewChain_images() {
	_, err := nn.NewChain([]int{28, 28, 1},
		nn.NewConv2D("conv1", 1, 32, nn.Square(3)), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv2", 16, 16, nn.Square(3)))
	fmt.Println(err)
	_, err = nn.NewChain([]int{28, 28, 1},
		nn.NewConv2D("conv1", 1, 32, nn.Square(3)), nn.ReLU{},
		nn.Flatten{}, nn.NewDense("fc", 32*28*28, 10))
	fmt.Println(err)
	// Output:
	// nn: layer 3, Conv2D "conv2" 16→16 of 3×3: takes samples of height×width×16, not 13×13×32
	// nn: layer 3, Dense "fc" 25088→10: takes samples of …×25088, not 21632
}

func ExampleWindow() {
	conv := nn.NewConv2D("conv1", 3, 64, nn.Square(7).Strided(2).Padded(3))
	shape, err := conv.OutputShape([]int{224, 224, 3})
	fmt.Println(conv, shape, err)
	pool := nn.MaxPool2D{Window: nn.Window{Size: [2]int{1, 2}}}
	shape, err = pool.OutputShape(shape)
	fmt.Println(pool, shape, err)
	// Output:
	// Conv2D "conv1" 3→64 of 7×7 stride 2×2 padding 3×3 [112 112 64] <nil>
	// MaxPool2D of 1×2 [112 56 64] <nil>
}
