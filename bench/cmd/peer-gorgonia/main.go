// Command peer-gorgonia runs the MLP with gorgonia.org/tensor. It is a process of
// its own because the package refuses to start on a Go version it does not know
// unless ASSUME_NO_MOVING_GC_UNSAFE_RISK_IT_WITH is set to that version.
package main

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"gorgonia.org/tensor"
)

func main() {
	peer.Serve("gorgonia.org/tensor v0.9.24", prepare)
}

func prepare(name string) (peer.Work, error) {
	kind, _, batch, err := model.ParseWork(name)
	if err == nil && kind != "mlp" {
		err = fmt.Errorf("gorgonia.org/tensor has no such work: %q", name)
	}
	if err != nil {
		return peer.Work{}, err
	}
	return network(batch)
}

// network reuses its results, as the package advises for speed.
func network(batch int) (peer.Work, error) {
	m := model.NewMLP()
	x := dense(model.Input(batch), batch, model.In)
	w1, w2 := dense(m.W1, model.Hidden, model.In), dense(m.W2, model.Out, model.Hidden)
	h := dense(make([]float32, batch*model.Hidden), batch, model.Hidden)
	y := dense(make([]float32, batch*model.Out), batch, model.Out)
	for _, w := range []*tensor.Dense{w1, w2} {
		if err := w.T(); err != nil {
			return peer.Work{}, err
		}
	}
	run := func(n int) {
		for range n {
			multiply(x, w1, h)
			model.AddBias(h.Data().([]float32), m.B1, true)
			multiply(h, w2, y)
			model.AddBias(y.Data().([]float32), m.B2, false)
			model.SoftmaxRows(y.Data().([]float32), model.Out)
		}
	}
	return peer.Work{Run: run, Output: func() []float32 { return y.Data().([]float32) }}, nil
}

func dense(data []float32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func multiply(a, b, result *tensor.Dense) {
	if _, err := tensor.MatMul(a, b, tensor.WithReuse(result)); err != nil {
		panic(err)
	}
}
