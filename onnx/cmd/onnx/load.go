package main

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// settings are the flags of all commands that have a model.
type settings struct {
	shapes shapes
	bound  integers
	memory mebibytes // the most that inputs, outputs and a run may take
}

func newSettings(flags *flag.FlagSet) *settings {
	s := &settings{shapes{}, integers{}, 4 << 30}
	if math.MaxInt == math.MaxInt32 {
		s.memory = 1 << 30
	}
	flags.Var(s.shapes, "shape", "the shape of an input of zeros, `NAME=1,3,320,320`; may be given several times")
	flags.Var(s.bound, "bind", "the value of an input that is one integer and always the same, `NAME=16000`; may be given several times")
	flags.Var(&s.memory, "memory", "the most memory of inputs, outputs and a run together, in `MiB`")
	return s
}

// largest is the size of the largest message that protobuf has.
const largest = math.MaxInt32

// readModel reads a file with what belongs to it.
func readModel(name string) (*proto.Model, error) {
	b, err := readFile(name, largest)
	if err != nil {
		return nil, err
	}
	file, err := proto.Read(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := proto.External(file, root.FS()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// A program is one with the names that the file has for its outputs: where they are what an inner graph gives, the
// engine has others.
type program struct {
	*engine.Program
	outputs []string
}

// compile reads a model and makes a program of it.
func (s *settings) compile(name string) (*program, error) {
	file, err := readModel(name)
	if err != nil {
		return nil, err
	}
	p, err := s.program(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

func (s *settings) program(file *proto.Model) (*program, error) {
	options := engine.Options{Bind: map[string]*tensor.Tensor{}}
	bound := maps.Clone(s.bound)
	for _, v := range file.Graph.Inputs {
		n, ok := bound[v.Name]
		if !ok {
			continue
		}
		shape := make([]int, len(v.Shape))
		for i := range shape {
			shape[i] = 1
		}
		switch {
		case v.Type == tensor.Int64:
			options.Bind[v.Name] = tensor.From([]int64{n}, shape...)
		case v.Type == tensor.Int32 && n == int64(int32(n)):
			options.Bind[v.Name] = tensor.From([]int32{int32(n)}, shape...)
		default:
			return nil, fmt.Errorf("-bind %s=%d: the input is %v", v.Name, n, v.Type)
		}
		delete(bound, v.Name)
	}
	for name := range bound {
		return nil, fmt.Errorf("-bind: the model has no input %q", name)
	}
	compiled, err := engine.Compile(file, options)
	if err != nil {
		return nil, err
	}
	p := &program{Program: compiled}
	for _, v := range file.Graph.Outputs {
		p.outputs = append(p.outputs, v.Name)
	}
	for name := range s.shapes {
		if at(p, name) < 0 {
			return nil, fmt.Errorf("-shape: there is no input %q; the model takes %s", name, inputs(p))
		}
	}
	return p, nil
}

// at returns the number of an input, -1 if there is none of that name.
func at(p *program, name string) int {
	for i, v := range p.Inputs() {
		if v.Name == name {
			return i
		}
	}
	return -1
}

// inputs describes what a program takes.
func inputs(p *program) (text string) {
	for i, v := range p.Inputs() {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%q", v.Name)
		if d := v.Declared; d != nil {
			text += " " + d.Type.String()
			if d.HasShape {
				text += engine.DimsText(d.Shape)
			}
		}
	}
	if text == "" {
		return "none"
	}
	return text
}

// described is the size up to which inputs that are only described have elements: shapes may depend on them.
const described = 1 << 10

// zeros returns an input for each that a program has and given does not: of the shape that a flag says, or of what
// the file says, with 1 where that says nothing. If they are only described, large ones have no elements.
func (s *settings) zeros(p *program, given []*tensor.Tensor, only bool) ([]*tensor.Tensor, error) {
	in := make([]*tensor.Tensor, len(p.Inputs()))
	copy(in, given)
	total := 0.0
	for i, v := range p.Inputs() {
		if in[i] == nil {
			t, err := s.describe(v.Name, p)
			if err != nil {
				return nil, err
			}
			in[i] = t
		}
		size := float64(in[i].Len()) * float64(in[i].Type.Bits()) / 8
		if total += size; total > float64(s.memory) {
			return nil, fmt.Errorf("input %q is %v: %.0f bytes of inputs are more than -memory %v allows", v.Name, in[i], total, &s.memory)
		}
		if !only || size <= described {
			if in[i].Data == nil && in[i].Strings == nil {
				in[i] = tensor.New(in[i].Type, in[i].Shape...)
			}
		}
	}
	return in, nil
}

// describe returns an input without elements.
func (s *settings) describe(name string, p *program) (*tensor.Tensor, error) {
	d := p.Inputs()[at(p, name)].Declared
	if d == nil || !d.Type.Valid() {
		return nil, fmt.Errorf("input %q is no tensor, or the model does not say of what type", name)
	}
	shape, ok := s.shapes[name]
	if !ok {
		for _, e := range d.Shape {
			size := int64(1)
			if e.Known {
				size = e.Size
			}
			if size < 0 || size > math.MaxInt {
				return nil, fmt.Errorf("input %q has an extent of %d", name, size)
			}
			shape = append(shape, int(size))
		}
	}
	if _, ok := tensor.CheckedCount(shape, 64); !ok {
		return nil, fmt.Errorf("input %q of shape %v is too large", name, shape)
	}
	return &tensor.Tensor{Type: d.Type, Shape: append([]int{}, slices.Clone(shape)...)}, nil
}

// report describes a run with inputs that have no elements if they are large.
func (s *settings) report(p *program) (*engine.Report, []*tensor.Tensor, error) {
	in, err := s.zeros(p, nil, true)
	if err != nil {
		return nil, nil, err
	}
	if _, err := p.Plan(in); err != nil { // which checks them
		return nil, nil, err
	}
	r, err := p.Report(in)
	return r, in, err
}
