package main

import (
	"fmt"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/onnx-gomlx/onnx/parser"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// gomlx is github.com/gomlx/onnx-gomlx, with the backend of github.com/gomlx/compute in Go.
type gomlx struct {
	exec   *model.Exec
	inputs []any
	out    []*tensors.Tensor
}

func loadGomlx(file []byte, inputs []onnx.Tensor, outputs []string) (engine, error) {
	m, err := parser.Parse(file)
	if err != nil {
		return nil, err
	}
	backend, err := gobackend.New("")
	if err != nil {
		return nil, err
	}
	e := &gomlx{}
	var names []string
	constants := map[string]any{}
	for _, t := range inputs {
		if t.Name() == "sr" {
			constants["sr"] = onnx.Data[int64](t)[0]
			continue
		}
		x, err := gomlxTensor(t)
		if err != nil {
			return nil, err
		}
		names, e.inputs = append(names, t.Name()), append(e.inputs, x)
	}
	if len(constants) > 0 {
		m = m.WithInputsAsConstants(constants)
	}
	store := model.NewStore()
	if err := m.VariablesToScope(store.RootScope()); err != nil {
		return nil, err
	}
	e.exec, err = model.NewExec(backend, store, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		in := map[string]*graph.Node{}
		for i, name := range names {
			in[name] = nodes[i]
		}
		return m.CallGraph(scope, nodes[0].Graph(), in, outputs...)
	})
	return e, err
}

func gomlxTensor(t onnx.Tensor) (*tensors.Tensor, error) {
	switch t.Type() {
	case onnx.Float32:
		return tensors.FromFlatDataAndDimensions(onnx.Data[float32](t), t.Shape()...), nil
	case onnx.Int32:
		return tensors.FromFlatDataAndDimensions(onnx.Data[int32](t), t.Shape()...), nil
	case onnx.Int64:
		return tensors.FromFlatDataAndDimensions(onnx.Data[int64](t), t.Shape()...), nil
	}
	return nil, fmt.Errorf("rivals: input %v", t)
}

// Run gives the memory of the last result back first, so that it is used again.
func (e *gomlx) Run() (err error) {
	for _, t := range e.out {
		t.MustFinalizeAll()
	}
	e.out, err = e.exec.Call(e.inputs...)
	return err
}

func (e *gomlx) Floats() ([]float32, error) { return tensors.CopyFlatData[float32](e.out[0]) }
