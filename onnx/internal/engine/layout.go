package engine

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A tensor of channels and spatial axes may be in memory with the channels last, because that is what convolutions and pooling
// compute with. The shapes in a plan are those of the file all the same. The slot of a value is for the order of the file; that
// for the other order is a slot of its own, see planner.lasts. Which of them there is follows from who made the value, and the
// other one is made when a node asks for it.

// isEither reports whether both orders are the same.
func isEither(shape []int) bool {
	return len(shape) < 3 || shape[1] == 1 || tensor.Count(shape[2:]) == 1 || tensor.Count(shape) == 0
}

// plain returns the slot that has value v in the order of the file.
func (p *planner) plain(v int) int {
	if p.slots[v].place == elsewhere {
		from, t := p.lasts[v], p.slots[v].Tensor
		p.slots[v] = slot{Tensor: t, place: arena, index: -1}
		p.steps = append(p.steps, step{node: layoutNode, in: []int{from}, out: []int{v}, kernel: ops.ToLast(t.Shape, true), work: -1})
	}
	return v
}

// isLast reports whether there is value v with the channels last.
func (p *planner) isLast(v int) bool {
	_, ok := p.lasts[v]
	return ok
}

// last returns the slot that has value v, of float32 and three axes or more, with the channels last.
func (p *planner) last(v int) int {
	t := p.slots[v].Tensor
	if isEither(t.Shape) {
		return v
	}
	if at, ok := p.lasts[v]; ok {
		return at
	}
	kernel := ops.ToLast(t.Shape, false)
	if p.slots[v].place == fixed {
		turned := tensor.New(t.Type, t.Shape...)
		// The kernel has no errors.
		_ = kernel(&ops.Args{In: []*tensor.Tensor{&t}, Out: []*tensor.Tensor{turned}})
		p.slots = append(p.slots, slot{Tensor: *turned, place: fixed})
		p.lasts[v] = len(p.slots) - 1
		return p.lasts[v]
	}
	p.slots = append(p.slots, slot{Tensor: tensor.Tensor{Type: t.Type, Shape: t.Shape}, place: arena, index: -1})
	at := len(p.slots) - 1
	p.lasts[v] = at
	p.steps = append(p.steps, step{node: layoutNode, in: []int{v}, out: []int{at}, kernel: kernel, work: -1})
	return at
}

// inLayout returns the slot of value v in one order or the other.
func (p *planner) inLayout(v int, last bool) int {
	if last {
		return p.last(v)
	}
	return p.plain(v)
}

// declare returns the slot for value v, which a step is going to make in one order.
func (p *planner) declare(v int, t tensor.Type, shape []int, last bool) int {
	s := slot{Tensor: tensor.Tensor{Type: t, Shape: shape}, place: arena, index: -1}
	if !last || isEither(shape) {
		p.slots[v] = s
		return v
	}
	p.slots = append(p.slots, s)
	p.lasts[v] = len(p.slots) - 1
	s.place = elsewhere
	p.slots[v] = s
	return p.lasts[v]
}

// workSlot returns a slot for so many bytes of work memory, -1 for none. Helpers get as much.
func (p *planner) workSlot(n int) int {
	if n == 0 {
		return -1
	}
	p.each = max(p.each, round(n))
	p.slots = append(p.slots, slot{Tensor: tensor.Tensor{Type: tensor.Uint8, Shape: []int{n}}, place: arena, index: -1})
	return len(p.slots) - 1
}
