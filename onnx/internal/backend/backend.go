// Package backend runs ONNX's backend tests: folders with a model, inputs and the outputs that are expected.
package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// The tolerances of ONNX's own runner.
const (
	Relative = 1e-3
	Absolute = 1e-7
)

// The outcomes of a test.
const (
	Pass        = "pass"
	Fail        = "fail"
	Unsupported = "unsupported"
)

// A Result is the outcome of a test.
type Result struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Reason string `json:"reason"`
}

// Find returns the folders of files that are tests.
func Find(files fs.FS) ([]string, error) {
	var list []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "model.onnx" {
			list = append(list, path.Dir(name))
		}
		return err
	})
	slices.Sort(list)
	return list, err
}

// Run runs one test. A panic is a failure.
func Run(files fs.FS, dir string) (r Result) {
	r = Result{Name: path.Base(dir), Status: Fail}
	defer func() {
		if v := recover(); v != nil {
			r.Status, r.Reason = Fail, fmt.Sprintf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	err := run(files, dir)
	what, unsupported := errors.AsType[*engine.UnsupportedError](err)
	switch {
	case err == nil:
		r.Status = Pass
	case unsupported:
		r.Status = Unsupported
		var list []string
		for _, n := range what.Nodes {
			text := n.Op
			if n.What != "" {
				text += ": " + n.What
			}
			if !slices.Contains(list, text) {
				list = append(list, text)
			}
		}
		r.Reason = strings.Join(list, "; ")
	default:
		r.Reason = err.Error()
	}
	return r
}

// Load compiles the model of a test, and reads its first inputs.
func Load(files fs.FS, dir string) (*engine.Program, []*tensor.Tensor, error) {
	p, err := load(files, dir)
	if err != nil {
		return nil, nil, err
	}
	in, err := readAll(files, path.Join(dir, "test_data_set_0"), "input")
	return p, in, err
}

func load(files fs.FS, dir string) (*engine.Program, error) {
	b, err := fs.ReadFile(files, path.Join(dir, "model.onnx"))
	if err != nil {
		return nil, err
	}
	m, err := proto.Read(b)
	if err != nil {
		return nil, err
	}
	own, err := fs.Sub(files, dir)
	if err != nil {
		return nil, err
	}
	if err := proto.External(m, own); err != nil {
		return nil, err
	}
	return engine.Compile(m, engine.Options{})
}

func run(files fs.FS, dir string) error {
	p, err := load(files, dir)
	if err != nil {
		return err
	}
	sets, err := fs.Glob(files, path.Join(dir, "test_data_set_*"))
	if err != nil || len(sets) == 0 {
		return errors.Join(err, errors.New("no data"))
	}
	for _, set := range sets {
		if err := runSet(p, files, set); err != nil {
			return err
		}
	}
	return nil
}

// runSet runs p twice for the inputs of a folder, the second time with what the first has prepared.
func runSet(p *engine.Program, files fs.FS, dir string) error {
	in, err := readAll(files, dir, "input")
	if err != nil {
		return err
	}
	want, err := readAll(files, dir, "output")
	if err != nil {
		return err
	}
	if len(in) != len(p.Inputs()) {
		return fmt.Errorf("%d inputs, the model has %d", len(in), len(p.Inputs()))
	}
	buffer := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buffer)
	for range 2 {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			r, err := p.Run(ctx, in)
			if err != nil {
				return err
			}
			defer r.Release()
			out := r.Outputs()
			if len(out) < len(want) {
				return fmt.Errorf("%d outputs, want %d", len(out), len(want))
			}
			for i, w := range want {
				if err := Compare(&out[i].Tensor, w, Relative, Absolute); err != nil {
					return fmt.Errorf("output %d: %w", i, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func readAll(files fs.FS, dir, kind string) ([]*tensor.Tensor, error) {
	var list []*tensor.Tensor
	for i := 0; ; i++ {
		b, err := fs.ReadFile(files, path.Join(dir, fmt.Sprintf("%s_%d.pb", kind, i)))
		if errors.Is(err, fs.ErrNotExist) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		t, err := proto.ReadTensor(b)
		if err != nil {
			return nil, err
		}
		list = append(list, &t.Tensor)
	}
}
