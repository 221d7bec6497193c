//go:build cgo

package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	"github.com/allocarrays/allocarrays-go/bench/internal/ort"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// tolerance is how much a float may be off, in parts of the largest of its tensor.
const tolerance = 1e-4

// nodes compares what a network computes, joined as it runs, and then every single node.
func nodes(dir string, n networks.Network) error {
	file, inputs, err := n.Open(dir)
	if err != nil {
		return err
	}
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		whole, err := both(ctx, file, inputs, nil)
		if err != nil {
			return fmt.Errorf("as it runs: %w", err)
		}
		list, err := networks.Outputs(file)
		if err != nil {
			return err
		}
		each, err := both(ctx, file, inputs, list)
		if err != nil {
			return fmt.Errorf("node by node: %w", err)
		}
		fmt.Printf("%-14s outputs off by %.1e, %d of %d tensors compared, the worst off by %.1e (%s)\n",
			n.Name, whole.worst, each.compared, whole.outputs+len(list), each.worst, each.name)
		return nil
	})
}

// A result is how far two runs are apart, in parts of the largest number of a tensor.
type result struct {
	outputs  int // of the model, without more
	compared int
	worst    float64
	name     string
}

// both runs a model in both, with more outputs, and returns an error for the first that differs.
func both(ctx context.Context, file []byte, inputs []onnx.Tensor, more []networks.Output) (r result, err error) {
	file = networks.Everything(file, more)
	m, err := onnx.Load(bytes.NewReader(file))
	if err != nil {
		return r, err
	}
	p, err := m.Compile()
	if err != nil {
		return r, err
	}
	out, err := p.Run(ctx, inputs...)
	if err != nil {
		return r, err
	}
	r.outputs = out.Len() - len(more)
	var names []string
	var have []onnx.Tensor
	for _, t := range out.All() {
		if t.Rank() > 0 && t.Len() > 0 { // onnxruntime_go panics for others
			names, have = append(names, t.Name()), append(have, t)
		}
	}
	s, err := ort.New(file, 1, inputs, names)
	if err != nil {
		return r, err
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		return r, err
	}
	for i, t := range have {
		off, err := apart(t, s.Output(i))
		if err != nil || off > tolerance {
			operator := "output"
			if at := slices.IndexFunc(more, func(o networks.Output) bool { return o.Name == t.Name() }); at >= 0 {
				operator = more[at].Operator
			}
			return r, fmt.Errorf("%s %q: off by %.2e, %v", operator, t.Name(), off, err)
		}
		r.compared++
		if off >= r.worst {
			r.worst, r.name = off, t.Name()
		}
	}
	return r, nil
}

// apart returns the largest difference of elements over the largest element.
func apart(a, b onnx.Tensor) (float64, error) {
	if a.Type() != b.Type() || !slices.Equal(a.Shape(), b.Shape()) {
		return 0, fmt.Errorf("it is %v, onnxruntime has %v", a, b)
	}
	switch a.Type() {
	case onnx.Float32:
		return floats(onnx.Data[float32](a), onnx.Data[float32](b)), nil
	case onnx.Float64:
		return floats(onnx.Data[float64](a), onnx.Data[float64](b)), nil
	case onnx.Int64:
		return exact(onnx.Data[int64](a), onnx.Data[int64](b))
	case onnx.Int32:
		return exact(onnx.Data[int32](a), onnx.Data[int32](b))
	case onnx.Uint8:
		return exact(onnx.Data[uint8](a), onnx.Data[uint8](b))
	case onnx.Bool:
		return exact(onnx.Data[bool](a), onnx.Data[bool](b))
	}
	return 0, fmt.Errorf("nobody compares %v", a.Type())
}

func floats[T float32 | float64](a, b []T) float64 {
	var difference, largest float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		if x == y || math.IsNaN(x) && math.IsNaN(y) {
			continue
		}
		if d := math.Abs(x - y); d > difference || math.IsNaN(d) {
			if difference = d; math.IsNaN(d) {
				return math.Inf(1)
			}
		}
	}
	for _, v := range b {
		largest = max(largest, math.Abs(float64(v)))
	}
	if difference == 0 {
		return 0
	}
	return difference / largest
}

func exact[T comparable](a, b []T) (float64, error) {
	for i := range a {
		if a[i] != b[i] {
			return 1, fmt.Errorf("element %d is %v, onnxruntime has %v", i, a[i], b[i])
		}
	}
	return 0, nil
}
