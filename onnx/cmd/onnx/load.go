package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// shapes is a flag that may be given several times: NAME=1,3,320,320.
type shapes map[string][]int

func (s shapes) String() string { return "" }

func (s shapes) Set(text string) error {
	name, list, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("want NAME=1,3,320,320")
	}
	shape := []int{}
	for _, d := range strings.Split(list, ",") {
		if list == "" {
			break
		}
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no extent", d)
		}
		shape = append(shape, n)
	}
	s[name] = shape
	return nil
}

// readModel reads a file with what belongs to it.
func readModel(name string) (*proto.Model, error) {
	b, err := os.ReadFile(name)
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
	return file, proto.External(file, root.FS())
}

// zeros returns an input for each that a program has: of the shape that is given, or of what the file says, with 1 where
// it says nothing.
func zeros(p *engine.Program, given shapes) ([]*tensor.Tensor, error) {
	var in []*tensor.Tensor
	for _, v := range p.Inputs() {
		d := v.Declared
		shape, ok := given[v.Name]
		if !ok {
			for _, e := range d.Shape {
				if e.Known {
					shape = append(shape, int(e.Size))
				} else {
					shape = append(shape, 1)
				}
			}
		}
		if n, ok := tensor.CheckedCount(shape, 64); !ok || n > 1<<32 {
			return nil, fmt.Errorf("input %q of shape %v is too large", v.Name, shape)
		}
		if !d.Type.Valid() {
			return nil, fmt.Errorf("input %q has no type", v.Name)
		}
		in = append(in, tensor.New(d.Type, append([]int{}, shape...)...))
	}
	return in, nil
}

// create writes a file, or the standard output for -.
func create(name string, write func(io.Writer) error) (err error) {
	if name == "-" {
		return write(os.Stdout)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	return write(f)
}
