package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/allocarrays/allocarrays-go/npy"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/safetensors"
)

// An outlet is a file for outputs.
type outlet struct {
	path   string
	format string // the end of its name
	which  []int  // the outputs that it gets
}

// outlets returns the files that are given as FILE or NAME=FILE. Everything that can be wrong with them is found
// before a run.
func outlets(p *program, list []string) ([]outlet, error) {
	var all []outlet
	taken := map[string]bool{}
	for _, file := range list {
		o := outlet{path: file}
		for i, name := range p.outputs {
			if rest, ok := strings.CutPrefix(file, name+"="); ok {
				o.path, o.which = rest, []int{i}
				break
			}
		}
		if o.which == nil {
			for i := range p.outputs {
				o.which = append(o.which, i)
			}
		}
		switch o.format = strings.ToLower(filepath.Ext(o.path)); {
		case taken[o.path]:
			return nil, badUsage("-out %s: this file has been named before", file)
		case o.format == ".npy" && len(o.which) != 1:
			return nil, badUsage("-out %s: .npy files have one array, and the model has the outputs %s; say -out NAME=%s, or choose .npz", file, outputs(p), file)
		case o.format != ".npy" && o.format != ".npz" && o.format != ".safetensors":
			return nil, badUsage("-out %s: want a name that ends in .npy, .npz or .safetensors, or NAME=FILE with one of the outputs %s", file, outputs(p))
		}
		taken[o.path] = true
		all = append(all, o)
	}
	return all, nil
}

// outputs describes what a program gives.
func outputs(p *program) string {
	var list []string
	for _, name := range p.outputs {
		list = append(list, fmt.Sprintf("%q", name))
	}
	return strings.Join(list, ", ")
}

// check returns an error if a file cannot have an output.
func (o *outlet) check(name string, x *tensor.Tensor) error {
	_, ok := byType(x.Type)
	if o.format == ".safetensors" {
		_, ok = types[x.Type]
	}
	if !ok {
		return fmt.Errorf("%s: output %q is %v, a type that %s files do not have", o.path, name, x, o.format)
	}
	return nil
}

// write writes outputs.
func (o *outlet) write(w io.Writer, names []string, list []*tensor.Tensor) error {
	switch o.format {
	case ".npy":
		n, _ := byType(list[0].Type)
		return n.write(&sink{w: w}, list[0])
	case ".npz":
		z := npy.NewArchiveWriter(w, false)
		for i, x := range list {
			n, _ := byType(x.Type)
			if err := n.write(&sink{archive: z, name: names[i]}, x); err != nil {
				return err
			}
		}
		return z.Close()
	}
	var tensors []safetensors.Tensor
	for i, x := range list {
		tensors = append(tensors, safetensors.NewTensor(names[i], types[x.Type], x.Shape, x.Data))
	}
	return safetensors.Encode(w, tensors, nil)
}
