package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A scan is a Scan node: its body sees one piece of each sequence a turn.
type scan struct {
	n                *graph.Node
	g                *graph.Graph
	states, inputs   int
	inAxes, outAxes  []int
	backIn, backOut  []int // 1 for sequences that are taken, or made, from the end
	first            int   // the node's input that is the first state
	pieces           []tensor.Tensor
	ofInput, ofState []*tensor.Tensor
}

func (r *run) scanNode(n *graph.Node) error {
	s := &scan{n: n, g: n.Bodies["body"]}
	old := n.Opset < 9
	if old {
		s.first = 1
	}
	if a := n.Attrs["num_scan_inputs"]; a != nil {
		s.inputs = int(a.I)
	}
	s.states = len(n.In) - s.first - s.inputs
	if s.g == nil || s.inputs < 1 || s.states < 0 || len(s.g.In) != s.states+s.inputs || len(s.g.Out) < s.states || len(n.Out) > len(s.g.Out) {
		return nodeError(n, errors.New("the body does not fit"))
	}
	ints := func(name string) (v []int) {
		if a := n.Attrs[name]; a != nil {
			for _, e := range a.Ints {
				v = append(v, int(e))
			}
		}
		return v
	}
	s.inAxes, s.outAxes, s.backIn, s.backOut = ints("scan_input_axes"), ints("scan_output_axes"), ints("scan_input_directions"), ints("scan_output_directions")
	if old {
		s.backIn = ints("directions")
	}
	for i := range s.states + s.inputs {
		t := r.optional(n, s.first+i)
		if t == nil || t.Type == tensor.Sequence {
			return nodeError(n, fmt.Errorf("input %d is missing", s.first+i))
		}
		if i < s.states {
			s.ofState = append(s.ofState, t)
		} else {
			s.ofInput = append(s.ofInput, t)
		}
	}
	s.pieces = make([]tensor.Tensor, s.inputs)
	if old {
		return r.scanBatch(s)
	}
	c, stacks, err := r.scanOne(s, s.ofState, s.ofInput, -1)
	if err != nil {
		return err
	}
	return r.results(n, c, stacks, s.outAxes)
}

// entry returns element i of a list, 0 if it is not that long.
func entry(list []int, i int) int {
	if i < len(list) {
		return list[i]
	}
	return 0
}

// scanOne takes sequences through the body, the first length elements of them or, if that is negative, all.
func (r *run) scanOne(s *scan, states, inputs []*tensor.Tensor, length int) (*carrier, []stack, error) {
	steps := -1
	axes := make([]int, s.inputs)
	for i, t := range inputs {
		axis := entry(s.inAxes, i)
		if axis < 0 {
			axis += t.Rank()
		}
		if axis < 0 || axis >= t.Rank() || t.Type.Bits() < 8 || steps >= 0 && t.Shape[axis] != steps {
			return nil, nil, nodeError(s.n, fmt.Errorf("a sequence %v along axis %d", t, axis))
		}
		axes[i], steps = axis, t.Shape[axis]
	}
	extent := steps
	if length >= 0 {
		if length > steps {
			return nil, nil, nodeError(s.n, fmt.Errorf("a sequence of %d in %d", length, steps))
		}
		steps = length
	}
	c := newCarrier(s.states)
	for i, t := range states {
		if err := c.start(r, i, t); err != nil {
			return nil, nil, err
		}
	}
	c.next()
	stacks := newStacks(s.g, s.states, steps)
	for i, t := range inputs {
		if err := s.room(r, i, t, axes[i]); err != nil {
			return nil, nil, err
		}
	}
	for turn := range steps {
		if err := r.ctx.Err(); err != nil {
			return nil, nil, err
		}
		for i, t := range c.current() {
			r.t[s.g.In[i].ID] = t
		}
		for i, t := range inputs {
			step := turn
			if entry(s.backIn, i) != 0 {
				step = steps - 1 - turn
			}
			s.piece(i, t, axes[i], extent, step)
			r.t[s.g.In[s.states+i].ID] = s.pieces[i]
		}
		err := r.body(s.g, func(out []*tensor.Tensor) error {
			for i, t := range out {
				if i < s.states {
					c.keep(i, t)
				} else if err := stacks[i-s.states].push(t); err != nil {
					return nodeError(s.n, err)
				}
			}
			return nil
		})
		if err == nil {
			err = r.settle(c, stacks)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	for i := range stacks {
		if entry(s.backOut, i) != 0 {
			stacks[i].reverse()
		}
	}
	return c, stacks, nil
}

// add is push and settle outside of a turn.
func (s *stack) add(r *run, t *tensor.Tensor) error {
	if err := s.push(t); err != nil {
		return err
	}
	return s.settle(r)
}

// reverse turns the order of the pieces around.
func (s *stack) reverse() {
	if s.n == 0 {
		return
	}
	turn(s.data, s.n)
	turn(s.strings, s.n)
}

func turn[T any](v []T, pieces int) {
	size := len(v) / pieces
	for i := range pieces / 2 {
		a, b := v[i*size:(i+1)*size], v[(pieces-1-i)*size:(pieces-i)*size]
		for j := range a {
			a[j], b[j] = b[j], a[j]
		}
	}
}

// room takes memory for piece i of a sequence along an axis.
func (s *scan) room(r *run, i int, t *tensor.Tensor, axis int) (err error) {
	p := &s.pieces[i]
	p.Type, p.Shape = t.Type, slices.Delete(slices.Clone(t.Shape), axis, axis+1)
	if n := len(t.Data) / max(1, t.Shape[axis]); cap(p.Data) < n {
		p.Data, _, err = alloc(r.ctx, n)
	} else {
		p.Data = p.Data[:n]
	}
	return err
}

// piece sets piece i to step at of a sequence along an axis.
func (s *scan) piece(i int, t *tensor.Tensor, axis, extent, at int) {
	p := &s.pieces[i]
	n := len(p.Data)
	outer := tensor.Count(t.Shape[:axis])
	if n == 0 {
		return
	}
	inner := n / outer
	for o := range outer {
		copy(p.Data[o*inner:(o+1)*inner], t.Data[(o*extent+at)*inner:])
	}
}

// scanBatch is the first form: all tensors have a batch as their first axis, and sequences may be shorter.
func (r *run) scanBatch(s *scan) error {
	lengths := r.optional(s.n, 0)
	batch := 0
	for _, t := range append(slices.Clone(s.ofState), s.ofInput...) {
		if t.Rank() == 0 || batch > 0 && t.Shape[0] != batch || t.Shape[0] == 0 || t.Type.Bits() < 8 {
			return nodeError(s.n, fmt.Errorf("an input %v with a batch of %d", t, batch))
		}
		batch = t.Shape[0]
	}
	all := newStacks(s.g, 0, batch)
	part := func(list []*tensor.Tensor, b int) []*tensor.Tensor {
		var of []*tensor.Tensor
		for _, t := range list {
			n := len(t.Data) / batch
			of = append(of, &tensor.Tensor{Type: t.Type, Shape: t.Shape[1:], Data: t.Data[b*n : (b+1)*n]})
		}
		return of
	}
	for b := range batch {
		length := -1
		if lengths != nil {
			v, err := lengths.Integers()
			if err != nil || len(v) != batch || v[b] < 0 {
				return nodeError(s.n, fmt.Errorf("lengths %v", lengths))
			}
			length = v[b]
		}
		c, stacks, err := r.scanOne(s, part(s.ofState, b), part(s.ofInput, b), length)
		if err != nil {
			return err
		}
		for i := range c.current() {
			if err := all[i].add(r, &c.current()[i]); err != nil {
				return nodeError(s.n, err)
			}
		}
		for i := range stacks {
			t, err := stacks[i].tensor(r, 0)
			if err == nil && length >= 0 {
				t, err = padded(r, t, s.ofInput[0].Shape[1])
			}
			if err == nil {
				err = all[s.states+i].add(r, &t)
			}
			if err != nil {
				return nodeError(s.n, err)
			}
		}
	}
	return r.results(s.n, newCarrier(0), all, nil)
}

// padded returns t with zeros behind it, as many as make its first axis that long.
func padded(r *run, t tensor.Tensor, n int) (tensor.Tensor, error) {
	shape := slices.Clone(t.Shape)
	shape[0] = n
	count, ok := tensor.CheckedCount(shape, t.Type.Bits())
	if !ok || t.Type == tensor.String {
		return t, fmt.Errorf("a scan output %v with zeros to %v", &t, shape)
	}
	data, _, err := alloc(r.ctx, t.Type.Bytes(count))
	if err == nil {
		clear(data[copy(data, t.Data):])
	}
	return tensor.Tensor{Type: t.Type, Shape: shape, Data: data}, err
}
