package nn_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// A classifier of sequences of words.
func ExampleLSTM() {
	model, err := nn.NewChain([]int{20},
		nn.NewEmbedding("emb", 1000, 64),
		nn.NewLSTM("lstm", 64, 128, nn.Recurrence{Layers: 2}),
		nn.LastStep{},
		nn.NewDense("fc", 128, 5))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(model)
	// Output:
	// Chain 20→5
	//    layer                           output  parameters  bytes
	// 0  Embedding "emb" of 1000×64      20×64   64000       256000
	// 1  LSTM "lstm" 64→128 in 2 layers  20×128  231424      925696
	// 2  LastStep                        128     0           0
	// 3  Dense "fc" 128→5                5       645         2580
	//    all                             5       296069      1184276
}

// The next steps of a sequence, from the state after the steps before.
func ExampleLSTM_ForwardState() {
	ctx := context.Background() // or that of a request
	lstm := nn.NewLSTM("lstm", 3, 2, nn.Recurrence{})
	var state nn.LSTMState
	for range 3 {
		x := allocarray.New[float32](ctx, 1, 1, 3) // one step of one sequence
		var y nn.Tensor
		y, state = lstm.ForwardState(ctx, x, nil, state)
		fmt.Println(y.Shape(), state.Hidden.Shape())
	}
	// Output:
	// [1 1 2] [1 1 2]
	// [1 1 2] [1 1 2]
	// [1 1 2] [1 1 2]
}

func ExampleResidual() {
	model, err := nn.NewChain([]int{32, 32, 16},
		nn.NewResidual(
			nn.NewConv2DWithoutBias("conv", 16, 16, nn.Square(3).Padded(1)),
			nn.NewBatchNorm("bn", 16, 1e-5)),
		nn.ReLU{},
		nn.NewConcat(-1,
			nn.NewConv2D("one", 16, 8, nn.Square(1)),
			nn.NewConv2D("three", 16, 8, nn.Square(3).Padded(1))))
	fmt.Println(model, err)
	// Output:
	// Chain 32×32×16→32×32×16
	//    layer                               output    parameters  bytes
	// 0  Residual of 2 layers                32×32×16  2368        9472
	// 1  nn.ReLU                             32×32×16  0           0
	// 2  Concat of 2 branches along axis -1  32×32×16  1296        5184
	//    all                                 32×32×16  3664        14656 <nil>
}

// A model that is a part of the one in the file, and has a head of its own.
func ExampleNotStrict() {
	old, _ := nn.NewChain([]int{8}, nn.NewDense("model.body", 8, 4), nn.NewDense("model.head", 4, 10))
	var file bytes.Buffer
	_ = nn.Save(&file, old, nil)

	model, _ := nn.NewChain([]int{8}, nn.NewDense("body", 8, 4), nn.NewDense("head", 4, 3))
	var found nn.Mismatch
	err := nn.Load("old.safetensors", file.Bytes(), model, nn.WithPrefix("model."), nn.NotStrict(&found))
	fmt.Println(err)
	for _, m := range found.Misshaped {
		fmt.Println(m.Name, m.Got, m.Want)
	}
	// Output:
	// <nil>
	// model.head.weight [10 4] [3 4]
	// model.head.bias [10] [3]
}
