package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// run runs a model once.
func run(c *call) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	var from, to names
	flags.Var(&from, "in", "a .npy, .npz or safetensors `file` with inputs, or NAME=FILE; may be given several times")
	flags.Var(&to, "out", "the .npy, .npz or .safetensors `file` for the outputs, or NAME=FILE; may be given several times; without, shapes are printed")
	s := newSettings(flags)
	model, err := c.parse(flags, "MODEL")
	if err != nil {
		return err
	}
	p, err := s.compile(model)
	if err != nil {
		return err
	}
	files, err := outlets(p, to)
	if err != nil {
		return err
	}
	given, err := s.readInputs(p, from)
	if err != nil {
		return err
	}
	in, err := s.zeros(p, given, false)
	if err != nil {
		return err
	}
	for i, t := range given {
		if t == nil {
			fmt.Fprintf(c.stderr, "input %q is zeros: %v\n", p.Inputs()[i].Name, in[i])
		}
	}
	ctx := scope.WithAllocator(c.ctx, bumper.NewSlabBuffer(s.limit(in)))
	return s.exhausted(scope.NoEscape(ctx, func(ctx context.Context) error {
		r, err := p.Run(ctx, in)
		if err != nil {
			return err
		}
		defer r.Release()
		return c.write(p, r.Outputs(), files)
	}))
}

// exhausted says which flag was too low, if that is the reason.
func (s *settings) exhausted(err error) error {
	if errors.Is(err, scope.ErrExhausted) {
		return fmt.Errorf("%w; -memory %v is too low", err, &s.memory)
	}
	return err
}

// limit is what inputs leave of the memory.
func (s *settings) limit(in []*tensor.Tensor) bumper.GrowingOption {
	rest := int64(s.memory)
	for _, t := range in {
		rest -= int64(len(t.Data))
	}
	return bumper.Limit(int(max(rest, 1)))
}

// write writes outputs to files, or their shapes to the standard output. All are found fit for their files before the
// first is written.
func (c *call) write(p *program, list []engine.Output, to []outlet) error {
	if len(to) == 0 {
		for i := range list {
			if _, err := fmt.Fprintf(c.stdout, "%s %v\n", p.outputs[i], &list[i].Tensor); err != nil {
				return err
			}
		}
	}
	for _, o := range to {
		for _, i := range o.which {
			if err := o.check(p.outputs[i], &list[i].Tensor); err != nil {
				return err
			}
		}
	}
	for _, o := range to {
		var names []string
		var tensors []*tensor.Tensor
		for _, i := range o.which {
			names, tensors = append(names, p.outputs[i]), append(tensors, &list[i].Tensor)
		}
		if err := c.create(o.path, func(w io.Writer) error { return o.write(w, names, tensors) }); err != nil {
			return err
		}
	}
	return nil
}
