// Command peer-gomlx runs the models with GoMLX and its backend in Go.
package main

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
)

func main() {
	backend, err := simplego.New("ops_sequential")
	if err != nil {
		peer.Absent(err.Error())
		return
	}
	peer.Serve("github.com/gomlx/gomlx v0.26.0, backend simplego, operations one after the other", func(name string) (peer.Work, error) {
		kind, _, batch, err := model.ParseWork(name)
		switch {
		case err != nil:
			return peer.Work{}, err
		case kind == "mlp":
			return work(backend, mlp(model.NewMLP()), model.Input(batch), batch, model.In)
		case kind == "cnn":
			return work(backend, cnn(model.NewCNN()), model.Images(batch), batch, model.Side, model.Side, 1)
		}
		return peer.Work{}, fmt.Errorf("no such work: %q", name)
	})
}

// work compiles the function of a graph and returns its execution.
func work(backend backends.Backend, forward func(*graph.Node) *graph.Node, input []float32, shape ...int) (_ peer.Work, err error) {
	exec, err := graph.NewExec(backend, forward)
	if err != nil {
		return peer.Work{}, err
	}
	x := tensors.FromFlatDataAndDimensions(input, shape...)
	var y *tensors.Tensor
	if y, err = exec.Exec1(x); err != nil {
		return peer.Work{}, err
	}
	run := func(n int) {
		for range n {
			y.MustFinalizeAll() // gives the memory of the last result back
			y = exec.MustExec1(x)
		}
	}
	return peer.Work{Run: run, Output: func() []float32 { return tensors.MustCopyFlatData[float32](y) }}, nil
}

// mlp returns the graph of the network, with its weights as constants.
func mlp(m model.MLP) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		h := graph.MaxScalar(dense(x, m.W1, m.B1), 0)
		return graph.Softmax(dense(h, m.W2, m.B2))
	}
}

// dense returns x·Wᵀ + b.
func dense(x *graph.Node, w, b []float32) *graph.Node {
	g := x.Graph()
	weight := graph.Const(g, tensors.FromFlatDataAndDimensions(w, len(b), len(w)/len(b)))
	bias := graph.Const(g, tensors.FromFlatDataAndDimensions(b, 1, len(b)))
	return graph.Add(graph.Einsum("bi,oi->bo", x, weight), bias)
}

// cnn returns the graph of the network, channels last.
func cnn(c model.CNN) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		scale, shift := c.Norm.Factors()
		x = conv(x, c.Convs[0])
		x = graph.Add(graph.Mul(x, channels(x, scale)), channels(x, shift))
		x = graph.MaxPool(graph.MaxScalar(x, 0)).Window(2).Done()
		x = graph.MaxPool(conv(x, c.Convs[1])).Window(2).Done()
		x = graph.Reshape(conv(x, c.Convs[2]), x.Shape().Dimensions[0], -1)
		x = dense(dense(dense(x, c.W1, c.B1), c.Tied, c.TiedB), c.Tied, c.TiedB)
		return graph.Softmax(x)
	}
}

// conv returns the convolution, rectified.
func conv(x *graph.Node, c model.Conv) *graph.Node {
	kernel := graph.Const(x.Graph(), tensors.FromFlatDataAndDimensions(c.Rows(), 3, 3, c.In, c.Out))
	y := graph.Convolve(x, kernel).NoPadding().Strides(1).Done()
	return graph.MaxScalar(graph.Add(y, channels(x, c.B)), 0)
}

// channels returns a constant for each channel.
func channels(x *graph.Node, v []float32) *graph.Node {
	return graph.Const(x.Graph(), tensors.FromFlatDataAndDimensions(v, 1, 1, 1, len(v)))
}
