package engine

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// maxSpecial is how many plans a program makes before it no longer makes one for each combination of
// elements of small inputs.
const maxSpecial = 64

// maxElements is how many elements such an input has at most.
const maxElements = 16

// An Output is what a run has made, in the scope of the caller.
type Output struct {
	tensor.Tensor
	Stamp scope.Stamp
}

// A run is one run of a plan, or what is left of one for the next.
type run struct {
	ctx  context.Context
	t    []tensor.Tensor // by value
	args []ops.Args      // by step
	team ops.Team        // of all steps
}

// A frame is the memory of a run on the Go heap: kept, so that the next one needs none.
type frame struct {
	run
	plan  *Plan
	out   []Output
	stage [][]byte                    // outputs on their way out of the inner scope
	now   *graph.Node                 // is being computed
	body  func(context.Context) error // what runs in that scope
}

// Plan returns the plan for inputs, making one if there is none yet.
func (p *Program) Plan(in []*tensor.Tensor) (*Plan, error) {
	if pl := p.find(in); pl != nil {
		return pl, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if pl := p.find(in); pl != nil {
		return pl, nil
	}
	for i, v := range p.in {
		if err := fits(v, in[i]); err != nil {
			return nil, err
		}
	}
	if err := p.sameNames(in); err != nil {
		return nil, err
	}
	pl, err := p.make(in)
	if err != nil {
		return nil, err
	}
	plans := append([]*Plan{pl}, *p.plans.Load()...)
	plans = plans[:min(len(plans), p.options.MaxPlans)]
	p.plans.Store(&plans)
	return pl, nil
}

// sameNames checks that extents of the same name are the same.
func (p *Program) sameNames(in []*tensor.Tensor) error {
	extents := map[string]int{}
	for i, v := range p.in {
		for axis, d := range v.Declared.Shape {
			if d.Param == "" || axis >= len(in[i].Shape) {
				continue
			}
			n := in[i].Shape[axis]
			if have, ok := extents[d.Param]; ok && have != n {
				return fmt.Errorf("onnx: input %q is %v, where %q is %d in another input", v.Name, in[i], d.Param, have)
			}
			extents[d.Param] = n
		}
	}
	return nil
}

// make makes a plan that knows the elements of small inputs of integers, if that helps.
func (p *Program) make(in []*tensor.Tensor) (*Plan, error) {
	p.made++
	if p.made > maxSpecial {
		p.special = false
	}
	bare, elements := make([]*tensor.Tensor, len(in)), make([]*tensor.Tensor, len(in))
	some := false
	for i, t := range in {
		bare[i] = &tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape)}
		elements[i] = bare[i]
		if small(t) {
			some = true
			e := *bare[i]
			e.Data = tensor.Bytes(len(t.Data))
			copy(e.Data, t.Data)
			elements[i] = &e
		}
	}
	if !p.special {
		pl, err := p.newPlan(bare)
		if err != nil || pl.Late == 0 || !some || p.made > maxSpecial {
			return pl, err
		}
		special, err := p.newPlan(elements)
		if err != nil || special.Late >= pl.Late {
			return pl, nil
		}
		p.special = true
		return special, nil
	}
	return p.newPlan(elements)
}

// small reports whether the elements of an input may be part of the signature.
func small(t *tensor.Tensor) bool {
	switch t.Type {
	case tensor.Int64, tensor.Int32, tensor.Bool:
		return t.Len() <= maxElements && t.Len() > 0
	}
	return false
}

// find returns the plan for inputs, or nil.
func (p *Program) find(in []*tensor.Tensor) *Plan {
	for _, pl := range *p.plans.Load() {
		if pl.fits(in) {
			return pl
		}
	}
	return nil
}

func (p *Plan) fits(in []*tensor.Tensor) bool {
	for i, want := range p.inputs {
		t := in[i]
		if t.Type != want.Type || !slices.Equal(t.Shape, want.Shape) || want.Data != nil && !slices.Equal(t.Data, want.Data) {
			return false
		}
	}
	return true
}

// take returns a frame that no other run uses.
func (p *Plan) take() *frame {
	p.mu.Lock()
	if n := len(p.frames) - 1; n >= 0 {
		f := p.frames[n]
		p.frames = p.frames[:n]
		p.mu.Unlock()
		return f
	}
	p.mu.Unlock()
	return p.newFrame()
}

// give takes a frame back. It keeps no memory of others reachable.
func (p *Plan) give(f *frame) {
	f.ctx, f.team = nil, ops.Team{}
	for i := range p.slots {
		switch p.slots[i].place {
		case fixed:
		case nowhere:
			f.t[i] = tensor.Tensor{}
		default:
			f.t[i].Data, f.t[i].Strings = nil, nil
		}
	}
	for i := range f.args {
		f.args[i].Work = nil
	}
	for i := range f.out {
		f.out[i] = Output{}
	}
	for i, s := range f.stage {
		if cap(s) > 1<<20 {
			f.stage[i] = nil
		}
	}
	p.mu.Lock()
	if len(p.frames) < 2*runtime.GOMAXPROCS(0) {
		p.frames = append(p.frames, f)
	}
	p.mu.Unlock()
}

func (p *Plan) newFrame() *frame {
	f := &frame{plan: p, out: make([]Output, len(p.outputs)), stage: make([][]byte, len(p.outputs))}
	f.t = make([]tensor.Tensor, len(p.slots))
	for i, s := range p.slots {
		f.t[i] = s.Tensor
	}
	f.args = make([]ops.Args, len(p.steps))
	for i, s := range p.steps {
		if s.late {
			continue
		}
		f.args[i] = ops.Args{In: f.pick(s.in), Out: f.pick(s.out), Team: &f.team}
	}
	f.body = f.inside
	return f
}

func (f *frame) pick(values []int) []*tensor.Tensor {
	list := make([]*tensor.Tensor, len(values))
	for i, v := range values {
		if v >= 0 {
			list[i] = &f.t[v]
		}
	}
	return list
}

// charge takes n bytes from ctx for what has to be on the Go heap, so that the limit of ctx holds for it, too.
func charge(ctx context.Context, n int) error {
	_, _, err := alloc(ctx, n)
	return err
}

// newStrings returns n empty strings, charged.
func newStrings(ctx context.Context, n int) ([]string, error) {
	if err := charge(ctx, n*stringBytes); err != nil {
		return nil, err
	}
	return make([]string, n), nil
}

// alloc returns n bytes from ctx, aligned for every type.
func alloc(ctx context.Context, n int) ([]byte, scope.Stamp, error) {
	if n == 0 {
		return nil, scope.Stamp{}, nil
	}
	words, stamp, err := scope.Alloc[uint64](ctx, (n+7)/8)
	if err != nil {
		return nil, stamp, err
	}
	return tensor.AsBytes(words)[:n:n], stamp, nil
}

// Run computes the outputs for inputs, which are as many as the program has. They are in the scope of ctx. The
// caller releases the run when it has taken them.
func (p *Program) Run(ctx context.Context, in []*tensor.Tensor) (*Run, error) {
	pl, err := p.Plan(in)
	if err != nil {
		return nil, err
	}
	f := pl.take()
	if err := f.start(ctx, in); err != nil {
		pl.give(f)
		return nil, err
	}
	return (*Run)(f), nil
}

// A Run is one that has ended.
type Run frame

// Outputs returns the outputs. The slice is not to be kept.
func (r *Run) Outputs() []Output { return r.out }

// Release ends the use of r.
func (r *Run) Release() { r.plan.give((*frame)(r)) }

func (f *frame) start(ctx context.Context, in []*tensor.Tensor) error {
	p := f.plan
	for i, o := range p.outputs {
		if o.late {
			continue
		}
		if err := f.outlet(ctx, i, &p.slots[o.value].Tensor); err != nil {
			return err
		}
	}
	for i, t := range in {
		if id := p.program.in[i].ID; p.slots[id].place == input {
			f.t[id].Data, f.t[id].Strings = t.Data, t.Strings
		}
	}
	if err := scope.NoEscape(ctx, f.body); err != nil {
		return err
	}
	for i, o := range p.outputs {
		if !o.late {
			continue
		}
		if err := f.outlet(ctx, i, &tensor.Tensor{Type: f.t[o.value].Type, Shape: slices.Clone(f.t[o.value].Shape)}); err != nil {
			return err
		}
		copy(f.out[i].Data, f.stage[i])
		copy(f.out[i].Strings, f.t[o.value].Strings)
	}
	return nil
}

// outlet takes the memory for an output.
func (f *frame) outlet(ctx context.Context, i int, t *tensor.Tensor) (err error) {
	o := Output{Tensor: tensor.Tensor{Type: t.Type, Shape: t.Shape}}
	if t.Type == tensor.String {
		if o.Strings, err = newStrings(ctx, t.Len()); err != nil {
			return err
		}
	} else if o.Data, o.Stamp, err = alloc(ctx, t.Type.Bytes(t.Len())); err != nil {
		return err
	}
	f.out[i] = o
	return nil
}

// inside is a run in the scope where intermediates are.
func (f *frame) inside(ctx context.Context) (err error) {
	defer Rescue(&err, &f.now)
	p := f.plan
	f.ctx = ctx
	f.now = nil
	base, _, err := alloc(ctx, max(64, int(p.packed.Peak)))
	if err != nil {
		return err
	}
	if h := scope.HelpersFrom(ctx); h.Workers() > 1 {
		others, _, err := alloc(ctx, (h.Workers()-1)*p.each)
		if err != nil {
			return err
		}
		f.team = ops.Team{Helpers: h, Others: others, Each: p.each}
	}
	for i := range p.slots {
		s := &p.slots[i]
		switch s.place {
		case arena:
			if s.Type == tensor.String {
				if f.t[i].Strings, err = newStrings(ctx, s.Len()); err != nil {
					return err
				}
			} else {
				n := s.Type.Bytes(s.Len())
				f.t[i].Data = base[s.offset : s.offset+n : s.offset+n]
			}
		case output:
			f.t[i].Data = f.out[s.index].Data
		}
	}
	for i := range p.steps { // a view comes after what it is a view of
		for _, v := range p.steps[i].out {
			if v >= 0 && p.slots[v].place == viewed {
				s, of := &p.slots[v], &f.t[p.slots[v].of]
				if f.t[v].Strings = of.Strings; s.Type != tensor.String {
					n := s.Type.Bytes(s.Len())
					f.t[v].Data = of.Data[s.offset : s.offset+n : s.offset+n]
				}
			}
		}
	}
	cancelled := ctx.Done()
	for i := range p.steps {
		s := &p.steps[i]
		f.now = s.node
		select {
		case <-cancelled:
			return ctx.Err()
		default:
		}
		if s.late {
			err = f.node(s.node)
		} else if s.kernel != nil {
			if s.work >= 0 {
				f.args[i].Work = f.t[s.work].Data
			}
			err = s.kernel(&f.args[i])
		}
		if err != nil {
			return s.fail(err)
		}
	}
	return f.leave()
}

func (s *step) fail(err error) error {
	if s.late {
		return err
	}
	return nodeError(s.node, err)
}

// leave copies outputs that are not where they belong.
func (f *frame) leave() error {
	for i, o := range f.plan.outputs {
		t := &f.t[o.value]
		switch {
		case o.direct:
		case o.late && t.Type == tensor.Sequence:
			return &UnsupportedError{[]Unsupported{{f.plan.program.model.Out[i].Name, "", "output", f.plan.program.model.Opsets[""], "a sequence"}}}
		case o.late:
			f.stage[i] = append(f.stage[i][:0], t.Data...)
		default:
			copy(f.out[i].Data, t.Data)
			copy(f.out[i].Strings, t.Strings)
		}
	}
	return nil
}
