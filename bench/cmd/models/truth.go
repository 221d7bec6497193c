//go:build cgo

package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	"github.com/allocarrays/allocarrays-go/bench/internal/ort"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// truth prints how far the floats of both are from those of the same network in double: outputs as they
// run, then every node, and in the last line the worst of each.
func truth(dir string, n networks.Network) error {
	file, inputs, err := n.Open(dir)
	if err != nil {
		return err
	}
	list, err := networks.Outputs(file)
	if err != nil {
		return err
	}
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		if err := errorsOf(ctx, n.Name, file, inputs, nil); err != nil {
			return err
		}
		return errorsOf(ctx, n.Name, file, inputs, list)
	})
}

// errorsOf is truth for a model with more outputs.
func errorsOf(ctx context.Context, name string, file []byte, inputs []onnx.Tensor, more []networks.Output) error {
	file = networks.Everything(file, more)
	double, err := networks.Double(file)
	if err != nil {
		return err
	}
	exact, err := outputs(ctx, double, doubles(inputs))
	if err != nil {
		return fmt.Errorf("in double: %w", err)
	}
	out, err := outputs(ctx, file, inputs)
	if err != nil {
		return err
	}
	var names []string
	var here, want []onnx.Tensor
	for i, t := range out.All() {
		if t.Rank() > 0 && t.Len() > 0 && t.Type() == onnx.Float32 {
			names, here, want = append(names, t.Name()), append(here, t), append(want, exact.At(i))
		}
	}
	s, err := ort.New(file, 1, inputs, names)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		return err
	}
	operators := map[string]string{}
	for _, o := range more {
		operators[o.Name] = o.Operator
	}
	var worst [2]float64
	for i, t := range here {
		var off [2]float64
		for j, of := range []onnx.Tensor{t, s.Output(i)} {
			off[j] = floats(onnx.Data[float64](doubles([]onnx.Tensor{of})[0]), onnx.Data[float64](want[i]))
			worst[j] = max(worst[j], off[j])
		}
		fmt.Printf("%-14s %-20s %-40s here %.1e, onnxruntime %.1e\n", name, operators[t.Name()], t.Name(), off[0], off[1])
	}
	fmt.Printf("%-14s the worst of %d: here %.1e, onnxruntime %.1e\n", name, len(here), worst[0], worst[1])
	return nil
}

func outputs(ctx context.Context, file []byte, inputs []onnx.Tensor) (out onnx.Outputs, err error) {
	m, err := onnx.Load(bytes.NewReader(file))
	if err != nil {
		return out, err
	}
	p, err := m.Compile()
	if err != nil {
		return out, err
	}
	return p.Run(ctx, inputs...)
}

// doubles returns tensors with those of float32 as float64.
func doubles(list []onnx.Tensor) []onnx.Tensor {
	all := make([]onnx.Tensor, len(list))
	for i, t := range list {
		if all[i] = t; t.Type() != onnx.Float32 {
			continue
		}
		v := make([]float64, t.Len())
		for j, e := range onnx.Data[float32](t) {
			v[j] = float64(e)
		}
		all[i] = onnx.From(v, t.Shape()...).Named(t.Name())
	}
	return all
}
