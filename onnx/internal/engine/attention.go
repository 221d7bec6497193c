package engine

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Attention as exporters write it: a MatMul of queries and keys, perhaps a factor and a mask, a Softmax along the keys, and a MatMul by
// the values. The nodes are held back until the last of them, whose other input may come late, and are then computed together; one
// by one after all if that turns out to be impossible.

// only returns the one node that reads a value, or nil.
func (p *planner) only(v *graph.Value) *graph.Node {
	if r := p.readers[v.ID]; len(r) == 1 && r[0] < len(p.nodes) {
		if n := p.nodes[r[0]]; n.Domain == "" && n.Bodies == nil && len(n.Out) > 0 && n.Out[0] != nil && !slices.ContainsFunc(n.Out[1:], func(v *graph.Value) bool { return v != nil }) {
			return n
		}
	}
	return nil
}

// hold finds the nodes of an attention that begins with the product n, and holds them back.
func (p *planner) hold(n *graph.Node) bool {
	nodes := []*graph.Node{n}
	for softmax := false; ; {
		before := nodes[len(nodes)-1]
		next := p.only(before.Out[0])
		if next == nil || p.taken[next] || len(nodes) > 8 {
			return false
		}
		switch {
		case softmax && next.Op == "MatMul" && len(next.In) == 2 && next.In[0] == before.Out[0] && next.In[1] != nil && next.In[1] != before.Out[0]:
			p.take(nodes)
			p.held[next] = nodes
			return true
		case softmax:
			return false
		case next.Op == "Softmax":
			softmax = true
		case next.Op != "Mul" && next.Op != "Div" && next.Op != "Add" && next.Op != "Where":
			return false
		}
		nodes = append(nodes, next)
	}
}

// release plans the nodes that were held back until last.
func (p *planner) release(last *graph.Node, nodes []*graph.Node) error {
	delete(p.held, last)
	if p.attention(nodes, last) {
		return nil
	}
	for _, n := range nodes {
		delete(p.taken, n)
		p.loose[n] = true
	}
	for _, n := range append(slices.Clone(nodes), last) {
		if err := p.add(n); err != nil {
			return err
		}
	}
	return nil
}

// attention plans the nodes of an attention as one step.
func (p *planner) attention(nodes []*graph.Node, last *graph.Node) bool {
	inputs := []*graph.Value{nodes[0].In[0], nodes[0].In[1], last.In[1]}
	for _, v := range inputs {
		if s := p.slot(v); s.place == nowhere || s.Type != tensor.Float {
			return false
		}
	}
	var steps []ops.ScoreStep
	before := nodes[0].Out[0]
	for _, n := range nodes[1 : len(nodes)-1] {
		step, mask, ok := p.scoreStep(n, before)
		if !ok {
			return false
		}
		if before = n.Out[0]; mask != nil {
			inputs = append(inputs, mask)
		}
		steps = append(steps, step)
	}
	shape := func(i int) []int { return p.slot(inputs[i]).Shape }
	softmax := nodes[len(nodes)-1]
	rank := max(len(shape(0)), len(shape(1)))
	axis := int64(-1)
	if softmax.Opset < 13 {
		axis = 1
	}
	if a := softmax.Attrs["axis"]; a != nil {
		if axis = a.I; a.Type != proto.AttrInt && a.Type != 0 {
			return false
		}
	}
	if axis != -1 && axis != int64(rank-1) {
		return false
	}
	kernel, out, work, ok := ops.Scores(shape(0), shape(1), shape(2), steps)
	if !ok {
		return false
	}
	s := step{node: last, kernel: kernel, size: work}
	for _, v := range inputs {
		s.in = append(s.in, p.plain(v.ID))
	}
	s.out = []int{p.declare(last.Out[0].ID, tensor.Float, out, false)}
	s.work = p.workSlot(work)
	p.steps = append(p.steps, s)
	return true
}

// scoreStep says what a node does to scores, and with which mask.
func (p *planner) scoreStep(n *graph.Node, scores *graph.Value) (step ops.ScoreStep, mask *graph.Value, ok bool) {
	if n.Op == "Where" {
		if len(n.In) != 3 || n.In[0] == nil || n.In[1] == nil || n.In[2] == nil || n.In[0] == scores || (n.In[1] == scores) == (n.In[2] == scores) {
			return step, nil, false
		}
		step.Choose, step.Keep = true, n.In[1] == scores
		other := n.In[1]
		if step.Keep {
			other = n.In[2]
		}
		m := p.slot(n.In[0])
		if step.Value, ok = p.single(other); !ok || m.place == nowhere || m.Type != tensor.Bool {
			return step, nil, false
		}
		step.Mask = slices.Clone(m.Shape)
		return step, n.In[0], len(step.Mask) > 0
	}
	if len(n.In) != 2 || n.In[0] == nil || n.In[1] == nil || n.Attrs["broadcast"] != nil || (n.In[0] == scores) == (n.In[1] == scores) {
		return step, nil, false
	}
	other := n.In[1]
	if other == scores {
		if other = n.In[0]; n.Op == "Div" {
			return step, nil, false
		}
	}
	if n.Op == "Add" {
		m := p.slot(other)
		step.Mask = slices.Clone(m.Shape)
		return step, other, m.place != nowhere && m.Type == tensor.Float && len(step.Mask) > 0
	}
	if step.Factor, ok = p.single(other); n.Op == "Div" {
		if ok = ok && step.Factor != 0; ok {
			step.Factor = float32(1 / float64(step.Factor))
		}
	}
	return step, nil, ok
}

// single returns the only element of a value, if it is known and adds no axes.
func (p *planner) single(v *graph.Value) (float32, bool) {
	s := p.slot(v)
	if s.place != fixed || s.Type != tensor.Float || s.Len() != 1 || s.Rank() > 2 {
		return 0, false
	}
	return tensor.Slice[float32](&s.Tensor)[0], true
}
