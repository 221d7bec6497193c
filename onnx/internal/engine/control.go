package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// controls are the operators that have graphs of their own, and those on sequences.
var controls map[string]func(r *run, n *graph.Node) error

func init() {
	controls = map[string]func(r *run, n *graph.Node) error{"If": (*run).ifNode, "Loop": (*run).loopNode, "Scan": (*run).scanNode,
		"SequenceEmpty": (*run).sequenceEmpty, "SequenceConstruct": (*run).sequenceConstruct, "SequenceInsert": (*run).sequenceInsert,
		"SequenceErase": (*run).sequenceErase, "SequenceAt": (*run).sequenceAt, "SequenceLength": (*run).sequenceLength,
		"SplitToSequence": (*run).splitToSequence, "ConcatFromSequence": (*run).concatFromSequence}
}

// Controls returns the names of the operators that are computed here and not in package ops.
func Controls() []string { return slices.Sorted(maps.Keys(controls)) }

// chosen returns the branch of an If for its condition.
func chosen(n *graph.Node, cond *tensor.Tensor) (*graph.Graph, error) {
	name := "else_branch"
	if cond.Type != tensor.Bool || cond.Len() != 1 {
		return nil, fmt.Errorf("condition is %v", cond)
	}
	if cond.Data[0] != 0 {
		name = "then_branch"
	}
	body := n.Bodies[name]
	if body == nil || len(body.Out) != len(n.Out) || len(body.In) > 0 {
		return nil, fmt.Errorf("%s does not fit", name)
	}
	return body, nil
}

func (r *run) ifNode(n *graph.Node) error {
	cond := r.optional(n, 0)
	if cond == nil {
		return nodeError(n, errors.New("input 0 is missing"))
	}
	body, err := chosen(n, cond)
	if err != nil {
		return nodeError(n, err)
	}
	if err := r.graph(body); err != nil {
		return err
	}
	for i, v := range n.Out {
		if v != nil {
			r.t[v.ID] = *r.value(body.Out[i])
		}
	}
	return nil
}

// graph computes the nodes of a body.
func (r *run) graph(g *graph.Graph) error {
	for _, n := range g.Nodes {
		if err := r.node(n); err != nil {
			return err
		}
	}
	return nil
}

// value returns what a value is at present.
func (r *run) value(v *graph.Value) *tensor.Tensor {
	if v.Const != nil {
		return v.Const
	}
	return &r.t[v.ID]
}

// node computes a node whose shapes are known only now, with memory from the scope of the run.
func (r *run) node(n *graph.Node) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if control := controls[n.Op]; control != nil && n.Domain == "" {
		return control(r, n)
	}
	c := &ops.Call{Node: n, In: make([]*ops.Operand, len(n.In))}
	args := &ops.Args{In: make([]*tensor.Tensor, len(n.In))}
	for i, v := range n.In {
		if v != nil {
			if args.In[i] = r.value(v); args.In[i].Type == tensor.Sequence {
				return nodeError(n, fmt.Errorf("input %d is a sequence", i))
			}
			c.In[i] = &ops.Operand{Tensor: args.In[i], Known: true, Fixed: v.Const != nil}
		}
	}
	if err := c.Do(ops.Lookup(n.Domain, n.Op, n.Opset)); err != nil {
		return nodeError(n, err)
	}
	if err := charge(r.ctx, c.Tables); err != nil {
		return err
	}
	args.Out = make([]*tensor.Tensor, len(c.Results))
	for i, res := range c.Results {
		if res.Type == tensor.Undefined {
			continue
		}
		t := &tensor.Tensor{Type: res.Type, Shape: res.Shape}
		size := res.Type.Bytes(tensor.Count(res.Shape))
		switch {
		case res.Of >= 0 && res.Type == tensor.String:
			t.Strings = args.In[res.Of].Strings
		case res.Of >= 0:
			t.Data = args.In[res.Of].Data[res.Offset:][:size]
		case res.Type == tensor.String:
			var err error
			if t.Strings, err = newStrings(r.ctx, tensor.Count(res.Shape)); err != nil {
				return err
			}
		default:
			var err error
			if t.Data, _, err = alloc(r.ctx, size); err != nil {
				return err
			}
		}
		if args.Out[i] = t; c.Out[i] != nil {
			r.t[c.Out[i].ID] = *t
			args.Out[i] = &r.t[c.Out[i].ID]
		}
	}
	if c.Kernel == nil || idle(c) {
		return nil
	}
	var err error
	if args.Work, _, err = alloc(r.ctx, c.Work); err != nil {
		return err
	}
	if err := c.Kernel(args); err != nil {
		return nodeError(n, err)
	}
	return nil
}
