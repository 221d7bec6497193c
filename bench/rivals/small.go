package main

import (
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	files "github.com/allocarrays/allocarrays-go/bench/internal/onnx"
	"github.com/allocarrays/allocarrays-go/onnx"
)

// batch is how many inputs the small networks have at once.
const batch = 8

var smallFiles = map[string]func() []byte{
	"mlp": func() []byte { return files.MLP(model.NewMLP(), batch) },
	"cnn": func() []byte { return files.CNN(model.NewCNN(), batch) },
}

// small returns the networks of the comparison with everything else, of which every interpreter has the operators.
func small() []networks.Network {
	return []networks.Network{
		{Name: "mlp", Inputs: func(string) ([]onnx.Tensor, error) {
			return []onnx.Tensor{onnx.From(model.Input(batch), batch, model.In).Named("x")}, nil
		}},
		{Name: "cnn", Inputs: func(string) ([]onnx.Tensor, error) {
			return []onnx.Tensor{onnx.From(model.Images(batch), batch, 1, model.Side, model.Side).Named("x")}, nil
		}},
	}
}

func read(n networks.Network, dir string) ([]byte, []onnx.Tensor, error) {
	inputs, err := n.Inputs(dir)
	if err != nil {
		return nil, nil, err
	}
	if file := smallFiles[n.Name]; file != nil {
		return file(), inputs, nil
	}
	file, err := n.Read(dir)
	return file, inputs, err
}
