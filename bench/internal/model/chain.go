package model

import (
	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// NewChain returns the MLP as a chain of this module's layers.
func NewChain(w MLP) *nn.Chain {
	c, err := nn.NewChain([]int{In},
		nn.NewDense("fc1", In, Hidden), nn.ReLU{},
		nn.NewDense("fc2", Hidden, Out), nn.Softmax{})
	if err != nil {
		panic(err) // the sizes are constants
	}
	for i, p := range c.Parameters() {
		copy(p.Value.Data(), [][]float32{w.W1, w.B1, w.W2, w.B2}[i])
	}
	c.ParametersChanged()
	return c
}

// NewCNNChain returns the CNN as a chain of this module's layers. Images are
// batch×Side×Side×1.
func NewCNNChain(c CNN) *nn.Chain {
	tied := nn.NewDense("tied", 10, 10)
	chain, err := nn.NewChain([]int{Side, Side, 1},
		nn.NewConv2D("conv1", 1, 32, nn.Square(3)), nn.ReLU{},
		nn.NewBatchNorm("norm", 32, NormEpsilon), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv2", 32, 16, nn.Square(3)), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv3", 16, 10, nn.Square(3)), nn.ReLU{},
		nn.Flatten{}, nn.NewDense("fc", 90, 10), tied, tied, nn.Softmax{})
	if err != nil {
		panic(err) // the sizes are constants
	}
	values := map[string][]float32{
		"norm.weight": c.Norm.Scale, "norm.bias": c.Norm.Shift,
		"norm.running_mean": c.Norm.Mean, "norm.running_var": c.Norm.Variance,
		"fc.weight": c.W1, "fc.bias": c.B1, "tied.weight": c.Tied, "tied.bias": c.TiedB,
	}
	for i, name := range []string{"conv1", "conv2", "conv3"} {
		values[name+".weight"], values[name+".bias"] = c.Convs[i].W, c.Convs[i].B
	}
	for _, p := range chain.Parameters() {
		copy(p.Value.Data(), values[p.Name])
	}
	chain.ParametersChanged()
	return chain
}

// NewLayerChain returns a single layer as one of this module's, and its input.
func NewLayerChain(l Layer) (layer nn.Layer, x nn.Tensor) {
	w, b := l.Weights()
	var p nn.Parametric
	switch l.Kind {
	case "conv":
		p = nn.NewConv2D("conv", l.In, l.Out, nn.Square(3).Padded(1))
	case "depthwise":
		p = nn.NewGroupedConv2D("conv", l.In, l.Out, l.In, nn.Square(3).Padded(1))
	case "dense", "int8":
		p = nn.NewDense("dense", l.In, l.Out)
	case "layernorm":
		p = nn.NewLayerNorm("norm", l.In, LayerNormEpsilon)
	case "softmax":
		return nn.Softmax{}, allocarray.Wrap(l.Input(), l.Side, l.In)
	case "logsoftmax":
		return nn.LogSoftmax{}, allocarray.Wrap(l.Input(), l.Side, l.In)
	}
	copy(p.Parameters()[0].Value.Data(), w)
	copy(p.Parameters()[1].Value.Data(), b)
	p.ParametersChanged()
	if l.Kind == "int8" {
		return nn.QuantizeDense(p.(*nn.Dense)), allocarray.Wrap(l.Input(), l.Side, l.In)
	}
	if l.IsImage() {
		return p, allocarray.Wrap(l.Input(), 1, l.Side, l.Side, l.In)
	}
	return p, allocarray.Wrap(l.Input(), l.Side, l.In)
}
