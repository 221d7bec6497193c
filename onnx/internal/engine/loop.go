package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Loop and Scan. Each turn of a body runs in a scope of its own, so that many turns need no more memory than
// one. What a turn hands to the next is copied to the Go heap, where two sets of memory take turns.

// A carrier holds values between the turns of a body.
type carrier struct {
	values [2][]tensor.Tensor
	turn   int
}

func newCarrier(n int) *carrier {
	return &carrier{values: [2][]tensor.Tensor{make([]tensor.Tensor, n), make([]tensor.Tensor, n)}}
}

// keep copies t as value i of the next turn.
func (c *carrier) keep(i int, t *tensor.Tensor) {
	v := &c.values[1-c.turn%2][i]
	if t.Type == tensor.Sequence {
		*v = *heapCopy(t)
		return
	}
	data := v.Data
	if cap(data) < len(t.Data) {
		data = tensor.Bytes(len(t.Data))
	}
	data = data[:len(t.Data)]
	copy(data, t.Data)
	*v = tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape), Data: data, Strings: slices.Clone(t.Strings)}
}

// next makes what has been kept current.
func (c *carrier) next() { c.turn++ }

func (c *carrier) current() []tensor.Tensor { return c.values[c.turn%2] }

// heapCopy returns a copy of t on the Go heap.
func heapCopy(t *tensor.Tensor) *tensor.Tensor {
	v := &tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape), Strings: slices.Clone(t.Strings)}
	if t.Data != nil {
		v.Data = tensor.Bytes(len(t.Data))
		copy(v.Data, t.Data)
	}
	for i := range t.Items {
		v.Items = append(v.Items, *heapCopy(&t.Items[i]))
	}
	return v
}

// scopeCopy returns a copy of t in the scope of the run.
func (r *run) scopeCopy(t *tensor.Tensor) (tensor.Tensor, error) {
	if t.Type == tensor.Sequence || t.Type == tensor.String {
		return *heapCopy(t), nil
	}
	data, _, err := alloc(r.ctx, len(t.Data))
	copy(data, t.Data)
	return tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape), Data: data}, err
}

// A stack is the tensors of all turns, one after the other.
type stack struct {
	first   tensor.Tensor // its type and shape, or what is known of them
	n       int
	data    []byte
	strings []string
}

func (s *stack) push(t *tensor.Tensor) error {
	if t.Type.Bits() < 8 && t.Type != tensor.String {
		return fmt.Errorf("a scan output of type %v", t.Type)
	}
	if s.n == 0 {
		s.first = tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape)}
	} else if t.Type != s.first.Type || !slices.Equal(t.Shape, s.first.Shape) {
		return fmt.Errorf("a scan output is %v after %v", t, &s.first)
	}
	s.n++
	s.data, s.strings = append(s.data, t.Data...), append(s.strings, t.Strings...)
	return nil
}

// tensor returns the stack with a new axis before the given one.
func (s *stack) tensor(r *run, axis int) (tensor.Tensor, error) {
	rank := len(s.first.Shape) + 1
	if axis < -rank || axis >= rank {
		return tensor.Tensor{}, fmt.Errorf("axis %d of a scan output of rank %d", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	t := tensor.Tensor{Type: s.first.Type, Shape: slices.Insert(slices.Clone(s.first.Shape), axis, s.n), Strings: s.strings}
	if t.Type == tensor.String {
		if axis != 0 {
			return t, errors.New("strings stacked along another axis than the first")
		}
		return t, nil
	}
	var err error
	if t.Data, _, err = alloc(r.ctx, len(s.data)); err != nil || len(s.data) == 0 {
		return t, err
	}
	outer := tensor.Count(s.first.Shape[:axis])
	inner := len(s.data) / s.n / outer
	for i := range s.n {
		for o := range outer {
			copy(t.Data[(o*s.n+i)*inner:], s.data[(i*outer+o)*inner:][:inner])
		}
	}
	return t, nil
}

// unknown returns an empty stack of what a file says about the output of a body.
func unknown(v *graph.Value) stack {
	s := stack{first: tensor.Tensor{Type: tensor.Float, Shape: []int{}}}
	if d := v.Declared; d != nil {
		s.first.Type = d.Type
		for _, e := range d.Shape {
			s.first.Shape = append(s.first.Shape, int(max(e.Size, 0)))
		}
	}
	return s
}

// body runs the nodes of a body in a scope of its own, and calls done with its outputs there.
func (r *run) body(g *graph.Graph, done func(out []*tensor.Tensor) error) error {
	outer := r.ctx
	defer func() { r.ctx = outer }()
	return scope.NoEscape(outer, func(ctx context.Context) error {
		r.ctx = ctx
		if err := r.graph(g); err != nil {
			return err
		}
		out := make([]*tensor.Tensor, len(g.Out))
		for i, v := range g.Out {
			out[i] = r.value(v)
		}
		return done(out)
	})
}

// give sets output i of a node, if it is wanted.
func (r *run) give(n *graph.Node, i int, t tensor.Tensor) {
	if i < len(n.Out) && n.Out[i] != nil {
		r.t[n.Out[i].ID] = t
	}
}

// scalar returns the only element of a tensor of int64 or bool.
func scalar(t *tensor.Tensor) (int, error) {
	v, err := t.Integers()
	if err == nil && len(v) != 1 {
		err = fmt.Errorf("is %v, want one element", t)
	}
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// optional returns an input, nil if it is left out.
func (r *run) optional(n *graph.Node, i int) *tensor.Tensor {
	if i < len(n.In) && n.In[i] != nil {
		return r.value(n.In[i])
	}
	return nil
}

func (r *run) loopNode(n *graph.Node) error {
	g := n.Bodies["body"]
	carried := max(0, len(n.In)-2)
	if g == nil || len(g.In) != carried+2 || len(g.Out) < carried+1 || len(n.Out) > len(g.Out)-1 {
		return nodeError(n, errors.New("the body does not fit"))
	}
	limit, on := math.MaxInt, 1
	var err error
	if t := r.optional(n, 0); t != nil {
		if limit, err = scalar(t); err != nil {
			return nodeError(n, fmt.Errorf("input 0 %w", err))
		}
	}
	if t := r.optional(n, 1); t != nil {
		if on, err = scalar(t); err != nil {
			return nodeError(n, fmt.Errorf("input 1 %w", err))
		}
	}
	c := newCarrier(carried)
	for i := range carried {
		if n.In[i+2] == nil {
			return nodeError(n, fmt.Errorf("input %d is missing", i+2))
		}
		c.keep(i, r.value(n.In[i+2]))
	}
	c.next()
	stacks := make([]stack, len(g.Out)-1-carried)
	for i := range stacks {
		stacks[i] = unknown(g.Out[1+carried+i])
	}
	number, condition := []int64{0}, []byte{1}
	for turn := 0; turn < limit && on != 0; turn++ {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		number[0] = int64(turn)
		r.t[g.In[0].ID] = *tensor.From(number)
		r.t[g.In[1].ID] = tensor.Tensor{Type: tensor.Bool, Shape: []int{}, Data: condition}
		for i, t := range c.current() {
			r.t[g.In[i+2].ID] = t
		}
		err := r.body(g, func(out []*tensor.Tensor) (err error) {
			if on, err = scalar(out[0]); err != nil {
				return nodeError(n, fmt.Errorf("the condition %w", err))
			}
			for i, t := range out[1:] {
				if i < carried {
					c.keep(i, t)
				} else if err := stacks[i-carried].push(t); err != nil {
					return nodeError(n, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		c.next()
	}
	return r.results(n, c, stacks, nil)
}

// results sets the outputs of a node to what is carried, and to the stacks, each along its axis.
func (r *run) results(n *graph.Node, c *carrier, stacks []stack, axes []int) error {
	carried := c.current()
	for i := range carried {
		t, err := r.scopeCopy(&carried[i])
		if err != nil {
			return err
		}
		r.give(n, i, t)
	}
	for i := range stacks {
		axis := 0
		if i < len(axes) {
			axis = axes[i]
		}
		t, err := stacks[i].tensor(r, axis)
		if err != nil {
			return nodeError(n, err)
		}
		r.give(n, len(carried)+i, t)
	}
	return nil
}
