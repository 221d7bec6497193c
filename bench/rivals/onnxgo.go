package main

import (
	"fmt"

	onnxgo "github.com/owulveryck/onnx-go"
	"github.com/owulveryck/onnx-go/backend/x/gorgonnx"
	"gorgonia.org/tensor"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// onnxGo is github.com/owulveryck/onnx-go with Gorgonia.
type onnxGo struct {
	graph *gorgonnx.Graph
	model *onnxgo.Model
}

func loadOnnxGo(file []byte, inputs []onnx.Tensor, _ []string) (engine, error) {
	e := &onnxGo{graph: gorgonnx.NewGraph()}
	e.model = onnxgo.NewModel(e.graph)
	if err := e.model.UnmarshalBinary(file); err != nil {
		return nil, err
	}
	for i, t := range inputs {
		x, err := onnxGoTensor(t)
		if err != nil {
			return nil, err
		}
		if err := e.model.SetInput(i, x); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func onnxGoTensor(t onnx.Tensor) (tensor.Tensor, error) {
	switch t.Type() {
	case onnx.Float32:
		return tensor.New(tensor.WithShape(t.Shape()...), tensor.WithBacking(onnx.Data[float32](t))), nil
	case onnx.Int32:
		return tensor.New(tensor.WithShape(t.Shape()...), tensor.WithBacking(onnx.Data[int32](t))), nil
	case onnx.Int64:
		return tensor.New(tensor.WithShape(t.Shape()...), tensor.WithBacking(onnx.Data[int64](t))), nil
	}
	return nil, fmt.Errorf("rivals: input %v", t)
}

func (e *onnxGo) Run() error { return e.graph.Run() }

func (e *onnxGo) Floats() ([]float32, error) {
	out, err := e.model.GetOutputTensors()
	if err != nil {
		return nil, err
	}
	f, ok := out[0].Data().([]float32)
	if !ok {
		return nil, fmt.Errorf("rivals: the output is %T", out[0].Data())
	}
	return f, nil
}
