package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/recurrent"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A layer is one direction of an LSTM or a GRU as package recurrent has them: with constant weights of float32, the usual
// activations, and all sequences of the same length. It is up to a fifth faster than what recurrent.go does for all other forms.
type layer interface {
	Run(recurrent.Pass)
	Scratch(batch, steps int) int
}

// isUsual reports whether there are layers for the node.
func (n *recurrentNode) isUsual(c *Call) bool {
	if n.kind == rnnCell || c.In[0].Type != tensor.Float || n.in == 0 || c.Has(4) || n.clip != 0 || n.coupled || n.hasPeep {
		return false
	}
	for i := 1; i <= 3; i++ {
		if c.Has(i) && !c.In[i].Fixed {
			return false
		}
	}
	names, _ := c.Strings("activations")
	usual := n.kind.defaults()
	for i, name := range names {
		if lower(name) != lower(usual[i%len(usual)]) {
			return false
		}
	}
	return true
}

// layers makes those of all directions, once for each node.
func (n *recurrentNode) layers(c *Call) []layer {
	return c.Once("layers", func() any {
		rows := n.kind.gates() * n.size
		order := []int{0, 2, 3, 1} // i, o, f, c
		if n.kind == gruCell {
			order = []int{1, 0, 2} // z, r, h
		}
		part := func(i, from, count int) []float32 {
			return recurrent.Gates(slice[float32](c.In[i].Tensor)[from:from+count], order...)
		}
		var list []layer
		for d := range n.dirs {
			w := recurrent.Weights{Input: part(1, d*rows*n.in, rows*n.in), Hidden: part(2, d*rows*n.size, rows*n.size)}
			if n.hasBias {
				w.InputBias, w.HiddenBias = part(3, 2*d*rows, rows), part(3, (2*d+1)*rows, rows)
			}
			if n.kind == lstmCell {
				list = append(list, recurrent.NewLSTM(n.in, n.size, w))
			} else {
				list = append(list, recurrent.NewGRU(n.in, n.size, w, !n.linearBeforeReset))
			}
		}
		return list
	}).([]layer)
}

// layered returns the kernel that is made of layers, and its work memory in bytes.
func (n *recurrentNode) layered(c *Call) (Kernel, int) {
	layers, states := n.layers(c), n.batch*n.size
	return func(a *Args) error {
		work := tensor.As[float32](a.Work)
		hidden, cell, scratch := work[:states], work[states:2*states], work[2*states:]
		for d, l := range layers {
			s := pass[float32]{recurrentNode: n, dir: d}
			s.load(hidden, argument(a, 5))
			p := recurrent.Pass{Batch: n.batch, Steps: n.seq, X: slice[float32](a.In[0]), XBatch: n.xBatch, XStep: n.xStep, Hidden: hidden,
				Reverse: !n.forward || d > 0, Scratch: scratch}
			if a.Out[0] != nil && n.seq*n.batch > 0 {
				p.Y, p.YBatch, p.YStep = slice[float32](a.Out[0])[d*n.yDir:], n.yBatch, n.yStep
			}
			if n.kind == lstmCell {
				s.load(cell, argument(a, 6))
				p.Cell = cell
			}
			l.Run(p)
			s.store(a, 1, hidden)
			if n.kind == lstmCell {
				s.store(a, 2, cell)
			}
		}
		return nil
	}, 4 * (2*states + layers[0].Scratch(n.batch, n.seq))
}
