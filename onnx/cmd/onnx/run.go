package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/safetensors"
	"github.com/allocarrays/allocarrays-go/scope"
)

// types are the names of types in safetensors files.
var types = map[tensor.Type]safetensors.DType{tensor.Float: safetensors.F32, tensor.Double: safetensors.F64, tensor.Int8: safetensors.I8,
	tensor.Int16: safetensors.I16, tensor.Int32: safetensors.I32, tensor.Int64: safetensors.I64, tensor.Uint8: safetensors.U8,
	tensor.Uint16: safetensors.U16, tensor.Uint32: safetensors.U32, tensor.Uint64: safetensors.U64, tensor.Bool: safetensors.Bool}

// run runs a model once.
func run(args []string) error {
	flags := flag.NewFlagSet("onnx run", flag.ContinueOnError)
	from := flags.String("in", "", "a safetensors file with the inputs, by name; those that it lacks are zeros")
	to := flags.String("out", "", "the safetensors file to write the outputs to; without, their shapes are printed")
	given := shapes{}
	flags.Var(given, "shape", "the shape of an input of zeros, NAME=1,3,320,320; may be given several times")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("onnx run: %d arguments, want one model", flags.NArg())
	}
	if err := runFile(flags.Arg(0), *from, *to, given); err != nil {
		return fmt.Errorf("onnx run: %w", err)
	}
	return nil
}

func runFile(model, from, to string, given shapes) error {
	file, err := readModel(model)
	if err != nil {
		return err
	}
	p, err := engine.Compile(file, engine.Options{})
	if err != nil {
		return err
	}
	in, err := zeros(p, given)
	if err != nil {
		return err
	}
	if from != "" {
		if err := readInputs(from, p, in); err != nil {
			return err
		}
	}
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		r, err := p.Run(ctx, in)
		if err != nil {
			return err
		}
		defer r.Release()
		var list []safetensors.Tensor
		for i, o := range r.Outputs() {
			name := p.Outputs()[i].Name
			if to == "" {
				fmt.Fprintf(os.Stdout, "%s %v\n", name, &o.Tensor)
				continue
			}
			dtype, ok := types[o.Type]
			if !ok {
				return fmt.Errorf("output %q is %v, which safetensors files cannot have", name, &o.Tensor)
			}
			list = append(list, safetensors.NewTensor(name, dtype, o.Shape, o.Data))
		}
		if to == "" {
			return nil
		}
		return safetensors.WriteFile(to, list, nil)
	})
}

// readInputs replaces the inputs that a file has.
func readInputs(name string, p *engine.Program, in []*tensor.Tensor) error {
	f, err := safetensors.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	have := map[string]bool{}
	for _, name := range f.Names() {
		have[name] = true
	}
	for i, v := range p.Inputs() {
		if !have[v.Name] {
			continue
		}
		delete(have, v.Name)
		t, err := f.Tensor(v.Name)
		if err != nil {
			return err
		}
		if types[v.Declared.Type] != t.DType {
			return fmt.Errorf("input %q is %v, the file has %v", v.Name, v.Declared.Type, t.DType)
		}
		var b bytes.Buffer
		if err := safetensors.Encode(&b, []safetensors.Tensor{t}, nil); err != nil {
			return err
		}
		x := tensor.New(v.Declared.Type, append([]int{}, t.Shape...)...)
		copy(x.Data, b.Bytes()[8+binary.LittleEndian.Uint64(b.Bytes()):]) // behind the header
		in[i] = x
	}
	for name := range have {
		return fmt.Errorf("%s has %q, which is no input", f.Names(), name)
	}
	return nil
}
