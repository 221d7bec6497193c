package graph

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// TrainingDomain is that of the operator Gradient.
const TrainingDomain = "ai.onnx.preview.training"

// OwnDomain is that of operators that no file has.
const OwnDomain = "allocarrays"

// derivative puts nodes in the place of a Gradient: those that compute the derivatives of a value by others
// backwards through the nodes between them. It returns nil, and changes nothing, if there is a node that it
// cannot go through.
func (b *builder) derivative(g *Graph, s *names, n *Node) []*Value {
	xs, y := n.Attrs["xs"], n.Attrs["y"]
	if xs == nil || y == nil || len(n.In) < len(xs.Strings) {
		return nil
	}
	target := s.find(string(y.S))
	if target == nil {
		return nil
	}
	d := &differentiation{b: b, of: map[*Value]*Value{}}
	one := &proto.Attribute{Name: "value", Type: proto.AttrTensor, T: &proto.Tensor{Tensor: *tensor.From([]float32{1}, 1)}}
	ones := d.add("ConstantOfShape", d.add("Shape", target))
	d.nodes[len(d.nodes)-1].Attrs["value"] = one
	d.of[target] = d.add("CastLike", ones, target)
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		node := g.Nodes[i]
		if len(node.Out) == 0 || d.of[node.Out[0]] == nil {
			continue
		}
		if !d.through(node) {
			return nil
		}
	}
	var out []*Value
	for i := range xs.Strings {
		v := d.of[n.In[i]]
		if v == nil {
			return nil // does not depend on it
		}
		out = append(out, v)
	}
	g.Nodes = append(g.Nodes, d.nodes...)
	return out
}

// A differentiation has the derivatives so far.
type differentiation struct {
	b     *builder
	nodes []*Node
	of    map[*Value]*Value
}

// add adds a node of one output.
func (d *differentiation) add(op string, in ...*Value) *Value {
	d.b.nodes++ // too many are an error at the next node
	out := d.b.m.NewValue("gradient")
	n := &Node{Name: "gradient", Op: op, Opset: 15, In: in, Out: []*Value{out}, Attrs: map[string]*proto.Attribute{}}
	if op == "SumLike" {
		n.Domain = OwnDomain
	}
	d.nodes = append(d.nodes, n)
	return out
}

// share adds a derivative by x, summed over what x was repeated along.
func (d *differentiation) share(x, v *Value) {
	v = d.add("SumLike", v, x)
	if have := d.of[x]; have != nil {
		v = d.add("Add", have, v)
	}
	d.of[x] = v
}

// through adds what the inputs of a node get of the derivative by its output.
func (d *differentiation) through(n *Node) bool {
	dy := d.of[n.Out[0]]
	for _, v := range n.In {
		if v == nil {
			return false
		}
	}
	switch op := n.Op; {
	case n.Domain != "" || n.Opset < 7:
		return false
	case op == "Add" && len(n.In) == 2:
		d.share(n.In[0], dy)
		d.share(n.In[1], dy)
	case op == "Sub" && len(n.In) == 2:
		d.share(n.In[0], dy)
		d.share(n.In[1], d.add("Neg", dy))
	case op == "Mul" && len(n.In) == 2:
		a, b := n.In[0], n.In[1]
		d.share(a, d.add("Mul", dy, b))
		d.share(b, d.add("Mul", dy, a))
	case op == "Neg" && len(n.In) == 1:
		d.share(n.In[0], d.add("Neg", dy))
	case op == "Identity" && len(n.In) == 1:
		d.share(n.In[0], dy)
	default:
		return false
	}
	return true
}
