package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Loop and Scan. Each turn of a body runs in a scope of its own, so that many turns need no more memory than
// one. What outlives a turn has memory from the scope of the node: a turn copies it there or, where there is no room
// yet, to the Go heap, from where it is settled after the turn. So the heap holds at most what one turn had in ctx.

// A carrier holds values between the turns of a body: two sets, which take turns.
type carrier struct {
	values [2][]tensor.Tensor
	rooms  [2][]int // bytes charged for strings and for the headers of sequences
	turn   int

	staged [][]byte               // by value: what has to be settled
	waits  []bool                 // by value: it has
	items  map[*byte]bool         // elements of sequences that are in the scope of the node
	fresh  []struct{ of, at int } // items of sequences that have to be settled
}

func newCarrier(n int) *carrier {
	return &carrier{values: [2][]tensor.Tensor{make([]tensor.Tensor, n), make([]tensor.Tensor, n)}, rooms: [2][]int{make([]int, n), make([]int, n)},
		staged: make([][]byte, n), waits: make([]bool, n)}
}

// start makes t, which is in the scope of the node, value i of the first turn.
func (c *carrier) start(r *run, i int, t *tensor.Tensor) error {
	for k := range t.Items {
		c.own(&t.Items[k])
	}
	c.keep(i, t)
	return c.settle(r)
}

// own notes that an item is in the scope of the node.
func (c *carrier) own(t *tensor.Tensor) {
	if len(t.Data) > 0 {
		if c.items == nil {
			c.items = map[*byte]bool{}
		}
		c.items[&t.Data[0]] = true
	}
}

// keep copies t, which is in the scope of a turn, as value i of the next one.
func (c *carrier) keep(i int, t *tensor.Tensor) {
	set := 1 - c.turn%2
	v := &c.values[set][i]
	data := v.Data
	*v = tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape), Strings: t.Strings, Items: slices.Clone(t.Items)}
	c.waits[i] = len(t.Strings)*stringBytes+len(t.Items)*itemBytes > c.rooms[set][i]
	for k := range v.Items { // those that were there before are shared
		if item := &v.Items[k]; len(item.Data) > 0 && !c.items[&item.Data[0]] {
			item.Data = append([]byte(nil), item.Data...)
			c.fresh = append(c.fresh, struct{ of, at int }{i, k})
		}
	}
	if cap(data) < len(t.Data) {
		c.staged[i] = append(c.staged[i][:0], t.Data...)
		c.waits[i] = true
	} else {
		copy(data[:len(t.Data)], t.Data)
	}
	v.Data = data[:min(len(t.Data), cap(data))]
}

// settle gives what has been kept memory from the scope of the node, where it has none yet.
func (c *carrier) settle(r *run) error {
	set := 1 - c.turn%2
	for i := range c.values[set] {
		if !c.waits[i] {
			continue
		}
		c.waits[i] = false
		v := &c.values[set][i]
		if need := len(v.Strings)*stringBytes + len(v.Items)*itemBytes; need > c.rooms[set][i] {
			if err := charge(r.ctx, need-c.rooms[set][i]); err != nil {
				return err
			}
			c.rooms[set][i] = need
		}
		if n := len(c.staged[i]); n > 0 {
			data, _, err := alloc(r.ctx, max(n, cap(v.Data)+cap(v.Data)/2))
			if err != nil {
				return err
			}
			copy(data, c.staged[i])
			v.Data, c.staged[i] = data[:n], c.staged[i][:0]
		}
	}
	for _, f := range c.fresh {
		item := &c.values[set][f.of].Items[f.at]
		data, _, err := alloc(r.ctx, len(item.Data)+itemBytes)
		if err != nil {
			return err
		}
		item.Data = data[:copy(data, item.Data)]
		c.own(item)
	}
	c.fresh = c.fresh[:0]
	return nil
}

// next makes what has been kept current.
func (c *carrier) next() { c.turn++ }

func (c *carrier) current() []tensor.Tensor { return c.values[c.turn%2] }

// scopeCopy returns a copy of t, which is no sequence, in the scope of the run.
func (r *run) scopeCopy(t *tensor.Tensor) (tensor.Tensor, error) {
	data, _, err := alloc(r.ctx, len(t.Data))
	copy(data, t.Data)
	return tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape), Data: data, Strings: t.Strings}, err
}

// A stack is the tensors of all turns, one after the other.
type stack struct {
	first   tensor.Tensor // its type and shape, or what is known of them
	n       int
	most    int    // how many there will be at most
	data    []byte // in the scope of the node
	strings []string
	room    int    // bytes charged for strings
	staged  []byte // the last one, if there is no room for it yet
}

// push appends t, which is in the scope of a turn; settle has to follow after the turn.
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
	if s.strings = append(s.strings, t.Strings...); len(s.data)+len(t.Data) <= cap(s.data) {
		s.data = append(s.data, t.Data...)
	} else {
		s.staged = append(s.staged[:0], t.Data...)
	}
	return nil
}

// settle gives the stack memory from the scope of the node.
func (s *stack) settle(r *run) error {
	if need := len(s.strings) * stringBytes; need > s.room {
		need = 2 * need
		if err := charge(r.ctx, need-s.room); err != nil {
			return err
		}
		s.room = need
	}
	piece := len(s.staged)
	if piece == 0 {
		return nil
	}
	size := max(2*cap(s.data), 8*piece)
	if s.most <= size/piece {
		size = max(s.most, s.n) * piece
	}
	data, _, err := alloc(r.ctx, size)
	if err != nil {
		return err
	}
	n := copy(data, s.data)
	s.data, s.staged = append(data[:n], s.staged...), s.staged[:0]
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
	t := tensor.Tensor{Type: s.first.Type, Shape: slices.Insert(slices.Clone(s.first.Shape), axis, s.n), Data: s.data, Strings: s.strings}
	if _, ok := tensor.CheckedCount(t.Shape, t.Type.Bits()); !ok {
		return t, fmt.Errorf("a scan output of impossible shape %v", t.Shape)
	}
	if t.Type == tensor.String && axis != 0 {
		return t, errors.New("strings stacked along another axis than the first")
	}
	if axis == 0 || len(s.data) == 0 {
		return t, nil
	}
	var err error
	if t.Data, _, err = alloc(r.ctx, len(s.data)); err != nil {
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

// newStacks returns an empty stack for each output of a body from the first on, of at most so many turns.
func newStacks(g *graph.Graph, first, most int) []stack {
	stacks := make([]stack, len(g.Out)-first)
	for i := range stacks {
		stacks[i] = unknown(g.Out[first+i])
		stacks[i].most = most
	}
	return stacks
}

// settle settles what a turn has kept, and begins the next one.
func (r *run) settle(c *carrier, stacks []stack) error {
	if err := c.settle(r); err != nil {
		return err
	}
	for i := range stacks {
		if err := stacks[i].settle(r); err != nil {
			return err
		}
	}
	c.next()
	return nil
}

// unknown returns an empty stack of what a file says about the output of a body.
func unknown(v *graph.Value) stack {
	s := stack{first: tensor.Tensor{Type: tensor.Float, Shape: []int{}}}
	if d := v.Declared; d != nil && d.Kind == proto.KindTensor && d.Type.Valid() {
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
		if err := c.start(r, i, r.value(n.In[i+2])); err != nil {
			return err
		}
	}
	c.next()
	stacks := newStacks(g, 1+carried, limit)
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
		if err == nil {
			err = r.settle(c, stacks)
		}
		if err != nil {
			return err
		}
	}
	return r.results(n, c, stacks, nil)
}

// results sets the outputs of a node to what is carried, and to the stacks, each along its axis.
func (r *run) results(n *graph.Node, c *carrier, stacks []stack, axes []int) error {
	carried := c.current()
	for i := range carried {
		r.give(n, i, carried[i])
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
