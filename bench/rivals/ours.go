package main

import (
	"context"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// ours is package onnx.
type ours struct {
	ctx     context.Context
	program *onnx.Program
	inputs  []onnx.Tensor
	floats  []float32
	keep    bool
}

// loadOurs compiles a model; a rate of samples is for its life.
func loadOurs(model *onnx.Model, inputs []onnx.Tensor) (*ours, error) {
	o := &ours{ctx: scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())}
	var options []onnx.Option
	for _, t := range inputs {
		if t.Name() == "sr" {
			options = append(options, onnx.Bind(t))
		} else {
			o.inputs = append(o.inputs, t)
		}
	}
	p, err := model.Compile(options...)
	if err != nil {
		return nil, err
	}
	o.program = p
	return o, o.Run()
}

func (o *ours) Run() error { return scope.NoEscape(o.ctx, o.run) }

func (o *ours) run(ctx context.Context) error {
	out, err := o.program.Run(ctx, o.inputs...)
	if err == nil && o.keep {
		o.floats = append(o.floats[:0], onnx.Data[float32](out.At(0))...)
	}
	return err
}

func (o *ours) Floats() ([]float32, error) {
	o.keep = true
	err := o.Run()
	o.keep = false
	return o.floats, err
}
