// Package backend runs ONNX's backend tests: folders with a model, inputs and the outputs that are expected.
package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// Find returns the folders below dir that are tests.
func Find(dir string) ([]string, error) {
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "model.onnx" {
			list = append(list, filepath.Dir(path))
		}
		return err
	})
	slices.Sort(list)
	return list, err
}

// Run runs one test. A panic is a failure.
func Run(dir string) (r Result) {
	r = Result{Name: filepath.Base(dir), Status: Fail}
	defer func() {
		if v := recover(); v != nil {
			r.Status, r.Reason = Fail, fmt.Sprintf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	err := run(dir)
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

func run(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		return err
	}
	m, err := proto.Read(b)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := proto.External(m, root.FS()); err != nil {
		return err
	}
	p, err := engine.Compile(m, engine.Options{})
	if err != nil {
		return err
	}
	sets, err := filepath.Glob(filepath.Join(dir, "test_data_set_*"))
	if err != nil || len(sets) == 0 {
		return errors.Join(err, errors.New("no data"))
	}
	for _, set := range sets {
		if err := runSet(p, set); err != nil {
			return err
		}
	}
	return nil
}

// runSet runs p twice for the inputs of a folder, the second time with what the first has prepared.
func runSet(p *engine.Program, dir string) error {
	in, err := readAll(dir, "input")
	if err != nil {
		return err
	}
	want, err := readAll(dir, "output")
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

func readAll(dir, kind string) ([]*tensor.Tensor, error) {
	var list []*tensor.Tensor
	for i := 0; ; i++ {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%s_%d.pb", kind, i)))
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
