package engine

import (
	"maps"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
)

// flatten makes the nodes of a plan those of the branches that its inputs choose: the condition of an If may follow from
// shapes, or from inputs whose elements are part of the signature. It finds out by planning once without packing.
func (p *planner) flatten() error {
	if !slices.ContainsFunc(p.nodes, func(n *graph.Node) bool { return n.Op == "If" && n.Bodies != nil }) {
		return nil
	}
	try := &planner{left: p.left, tables: p.tables, Plan: &Plan{program: p.program, slots: slices.Clone(p.slots)}, lasts: map[int]int{}, taken: map[*graph.Node]bool{},
		nodes: p.nodes, readers: p.readers, branches: map[*graph.Node]*graph.Graph{}}
	for _, n := range p.nodes {
		if err := try.add(n); err != nil {
			return err
		}
	}
	if len(try.branches) == 0 {
		return nil
	}
	p.nodes = inlined(nil, p.nodes, try.branches)
	p.readers = readersOf(p.nodes, p.program.model.Out, p.program.model.Values)
	return nil
}

// inlined appends nodes to list, with the chosen branch in the place of an If.
func inlined(list, nodes []*graph.Node, branches map[*graph.Node]*graph.Graph) []*graph.Node {
	for _, n := range nodes {
		body := branches[n]
		if body == nil {
			list = append(list, n)
			continue
		}
		list = inlined(list, body.Nodes, branches)
		for i, v := range n.Out {
			if v != nil {
				list = append(list, &graph.Node{Name: n.Name, Op: "Identity", Opset: n.Opset, In: []*graph.Value{body.Out[i]}, Out: []*graph.Value{v}})
			}
		}
	}
	return list
}

// choose plans the branch of an If whose condition is known, while flatten looks for them; false if there is
// something in it that has to wait for the run.
func (p *planner) choose(n *graph.Node) (bool, error) {
	if p.branches == nil || n.Op != "If" || n.Domain != "" || len(n.In) != 1 || n.In[0] == nil || p.slot(n.In[0]).place != fixed {
		return false, nil
	}
	body, err := chosen(n, &p.slot(n.In[0]).Tensor)
	if err != nil {
		return false, nodeError(n, err)
	}
	slots, steps, late, branches := slices.Clone(p.slots), len(p.steps), p.Late, maps.Clone(p.branches)
	for _, inner := range body.Nodes {
		if err := p.add(inner); err != nil {
			return false, err
		}
	}
	if p.Late > late {
		p.slots, p.steps, p.Late, p.branches = slots, p.steps[:steps], late, branches
		return false, nil
	}
	p.branches[n] = body
	for i, v := range n.Out {
		if v != nil {
			p.slots[v.ID] = *p.slot(body.Out[i])
		}
	}
	return true, nil
}

// alias makes the output of an Identity what its input is.
func (p *planner) alias(n *graph.Node) bool {
	if n.Op != "Identity" || n.Domain != "" || len(n.In) != 1 || len(n.Out) != 1 || n.In[0] == nil || n.Out[0] == nil {
		return false
	}
	x, y := n.In[0].ID, n.Out[0].ID
	s := *p.slot(n.In[0])
	switch s.place {
	case nowhere:
		return false
	case fixed:
		p.slots[y] = s
		return true
	}
	view := slot{Tensor: s.Tensor, place: viewed, of: x, index: -1}
	if at, ok := p.lasts[x]; ok {
		p.slots = append(p.slots, slot{Tensor: s.Tensor, place: viewed, of: at, index: -1})
		p.lasts[y] = len(p.slots) - 1
		p.steps = append(p.steps, step{node: n, in: []int{at}, out: []int{p.lasts[y]}, work: -1})
	}
	if s.place == elsewhere {
		view.place, view.of = elsewhere, 0
	} else {
		p.steps = append(p.steps, step{node: n, in: []int{x}, out: []int{y}, work: -1})
	}
	p.slots[y] = view
	return true
}
