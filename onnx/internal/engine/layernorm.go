package engine

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// layerNorm plans a LayerNormalization in pieces, which begins with the mean n along the last axis: the distances from the mean over
// the root of the mean of their squares and a small number, perhaps times a vector, plus one.
func (p *planner) layerNorm(n *graph.Node) bool {
	if len(n.In) == 0 || n.In[0] == nil || n.Out[0] == nil {
		return false
	}
	x := n.In[0]
	s := p.slot(x)
	if s.place == nowhere || s.Type != tensor.Float || s.Rank() == 0 || s.Len() == 0 || !alongLast(n, s.Rank()) {
		return false
	}
	shape, width := slices.Clone(s.Shape), s.Shape[s.Rank()-1]
	nodes := []*graph.Node{n}
	// One Sub, or one for the squares and one for the quotient.
	var distances []*graph.Value
	for _, r := range p.readers[n.Out[0].ID] {
		if r == len(p.nodes) || !is(p.nodes[r], "Sub", x, n.Out[0]) {
			return false
		}
		nodes = append(nodes, p.nodes[r])
		distances = append(distances, p.nodes[r].Out[0])
	}
	var squares, quotient *graph.Node
	for _, d := range distances {
		for _, r := range p.readers[d.ID] {
			switch {
			case r == len(p.nodes):
				return false
			case squares == nil && p.squares(p.nodes[r], d):
				squares = p.nodes[r]
			case quotient == nil && p.nodes[r].Op == "Div" && len(p.nodes[r].In) == 2 && p.nodes[r].In[0] == d:
				quotient = p.nodes[r]
			default:
				return false
			}
		}
	}
	if squares == nil || quotient == nil || len(distances) > 2 || quotient.Domain != "" || len(quotient.Out) != 1 || quotient.Out[0] == nil {
		return false
	}
	mean := p.only(squares.Out[0])
	if mean == nil || mean.Op != "ReduceMean" || mean.In[0] != squares.Out[0] || !alongLast(mean, len(shape)) {
		return false
	}
	sum := p.only(mean.Out[0])
	if sum == nil || sum.Op != "Add" || len(sum.In) != 2 || sum.In[0] == nil || sum.In[1] == nil {
		return false
	}
	small := sum.In[1]
	if small == mean.Out[0] {
		small = sum.In[0]
	}
	epsilon, ok := p.single(small)
	root := p.only(sum.Out[0])
	if !ok || root == nil || root.Op != "Sqrt" || p.only(root.Out[0]) != quotient || quotient.In[1] != root.Out[0] {
		return false
	}
	nodes = append(nodes, squares, mean, sum, root, quotient)
	weight, bias := make([]float32, width), make([]float32, width)
	for i := range weight {
		weight[i] = 1
	}
	out := quotient.Out[0]
	for _, op := range []string{"Mul", "Add"} {
		next := p.only(out)
		if next == nil || next.Op != op {
			continue
		}
		v, ok := vector(next, out, width)
		if !ok {
			break
		}
		if op == "Mul" {
			weight = v
		} else {
			bias = v
		}
		out, nodes = next.Out[0], append(nodes, next)
	}
	if slices.ContainsFunc(nodes, func(n *graph.Node) bool { return p.taken[n] }) {
		return false
	}
	in := p.plain(x.ID)
	to := p.declare(out.ID, tensor.Float, shape, false)
	p.steps = append(p.steps, step{node: n, in: []int{in}, out: []int{to}, kernel: ops.NormalizeRows(weight, bias, epsilon), work: -1})
	p.pairs = append(p.pairs, ops.Pair{Out: to, In: in})
	p.take(nodes[1:])
	return true
}

// is reports whether a node is an operator of two values.
func is(n *graph.Node, op string, x, y *graph.Value) bool {
	return n.Op == op && n.Domain == "" && n.Attrs["broadcast"] == nil && len(n.In) == 2 && n.In[0] == x && n.In[1] == y && len(n.Out) == 1 && n.Out[0] != nil
}

// squares reports whether a node squares a value.
func (p *planner) squares(n *graph.Node, d *graph.Value) bool {
	if is(n, "Mul", d, d) {
		return true
	}
	if len(n.In) != 2 || n.In[1] == nil || !is(n, "Pow", d, n.In[1]) {
		return false
	}
	e, ok := p.single(n.In[1])
	return ok && e == 2
}

// alongLast reports whether a ReduceMean is along the last axis only, and keeps it.
func alongLast(n *graph.Node, rank int) bool {
	for name, a := range n.Attrs {
		switch {
		case name == "keepdims" && (a.Type == proto.AttrInt || a.Type == 0) && a.I == 1, name == "axes", name == "noop_with_empty_axes":
		default:
			return false
		}
	}
	if n.Op != "ReduceMean" || n.Domain != "" {
		return false
	}
	var axes []int
	if a := n.Attrs["axes"]; a != nil {
		for _, axis := range a.Ints {
			axes = append(axes, int(axis))
		}
	} else if len(n.In) > 1 && n.In[1] != nil && n.In[1].Const != nil {
		v, err := n.In[1].Const.Integers()
		if err != nil {
			return false
		}
		axes = v
	}
	return len(axes) == 1 && (axes[0] == -1 || axes[0] == rank-1)
}

// vector returns the other input of a node, if it is a constant with an element for each of a row.
func vector(n *graph.Node, x *graph.Value, width int) ([]float32, bool) {
	if len(n.In) != 2 || n.In[0] == nil || n.In[1] == nil || n.Attrs["broadcast"] != nil {
		return nil, false
	}
	y := n.In[1]
	if y == x {
		y = n.In[0]
	}
	t := y.Const
	if t == nil || t.Type != tensor.Float || t.Rank() != 1 || t.Len() != width {
		return nil, false
	}
	return tensor.Slice[float32](t), true
}
