package onnx_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

func Example() {
	m, err := onnx.Load(bytes.NewReader(relu)) // or onnx.LoadFile("model.onnx")
	if err != nil {
		log.Fatal(err)
	}
	p, err := m.Compile()
	if err != nil {
		log.Fatal(err) // with all nodes that are not supported
	}
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		out, err := p.Run(ctx, onnx.From([]float32{-1, 2, -3}, 3))
		if err != nil {
			return err
		}
		fmt.Println(onnx.Data[float32](out.Get("y")))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: [0 2 0]
}

// relu is a model that computes y = max(x, 0).
var relu = file(17, []node{{op: "Relu", in: []string{"x"}, out: []string{"y"}}}, []string{"x"}, []string{"y"})
