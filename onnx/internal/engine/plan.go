package engine

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/plan"
)

// The places where the memory of a value may be.
const (
	nowhere = iota // not known before the run comes there
	input          // memory of the caller
	fixed          // a constant, or what follows from the shapes
	arena
	output    // memory that the caller gets
	viewed    // memory of another value
	elsewhere // it has the channels last, in a slot of its own
)

// A slot is what a plan knows about a value.
type slot struct {
	tensor.Tensor // the elements only if the place is fixed
	place         int
	index         int // of the input, of the block in the arena, or of the output
	of            int // the value that this one is a view of
	offset        int // of the view, or in the arena
}

// A step is a node of a plan.
type step struct {
	node   *graph.Node
	in     []int // values, -1 for one that is left out
	out    []int // likewise
	kernel ops.Kernel
	work   int // the block in the arena, -1 for none
	size   int // of work
	late   bool
}

// A Plan is a program for one signature.
type Plan struct {
	program *Program
	inputs  []*tensor.Tensor // the signature: types, shapes, and elements of those that matter
	slots   []slot
	steps   []step
	outputs []outlet

	problem plan.Problem
	packed  plan.Plan
	each    int // bytes of work memory of each helper, if the caller allows some
	Late    int // steps whose shapes are known only when they run

	mu     sync.Mutex
	frames []*frame
}

// An outlet says how an output is made.
type outlet struct {
	value  int
	direct bool // the steps write into it; else it is copied at the end
	late   bool // its shape is known only then
}

// A planner is a plan being made.
type planner struct {
	*Plan
	pairs []ops.Pair           // of values
	lasts map[int]int          // slots of values with the channels last
	taken map[*graph.Node]bool // nodes that are part of a step before them

	held  map[*graph.Node][]*graph.Node // nodes that wait for a later one; see hold
	loose map[*graph.Node]bool          // nodes that have waited in vain

	nodes    []*graph.Node
	readers  [][]int                      // by value: places in nodes
	branches map[*graph.Node]*graph.Graph // what flatten finds; nil otherwise

	left   int         // bytes that nodes may still compute while the plan is made
	tables int         // bytes of tables that calls may still make
	now    *graph.Node // is being planned
}

// maxPlanned is how many bytes of elements a plan computes when it is made, beyond what all plans that a program keeps
// share: as many as the model has. What is more is computed in each run, with memory from its context.
const maxPlanned = 1 << 20

// maxTables is how many bytes of tables the calls of a plan make, as those of Resize.
const maxTables = 64 << 20

// newPlan makes the plan for inputs of certain shapes; those with elements are taken as they are.
func (p *Program) newPlan(in []*tensor.Tensor) (_ *Plan, err error) {
	pl := &planner{left: maxPlanned + p.model.Size/p.options.MaxPlans, tables: maxTables, Plan: &Plan{program: p, inputs: in, slots: make([]slot, p.model.Values)}, lasts: map[int]int{}, taken: map[*graph.Node]bool{},
		held: map[*graph.Node][]*graph.Node{}, loose: map[*graph.Node]bool{}, nodes: p.model.Nodes, readers: p.readers}
	defer Rescue(&err, &pl.now)
	for i, v := range p.in {
		s := &pl.slots[v.ID]
		s.Tensor = *in[i]
		if s.place, s.index = input, i; in[i].Data != nil {
			s.place = fixed
		}
	}
	if err := pl.flatten(); err != nil {
		return nil, err
	}
	for _, n := range pl.nodes {
		if err := pl.add(n); err != nil {
			return nil, err
		}
	}
	pl.now = nil
	pl.place()
	pl.idle()
	if err := pl.pack(); err != nil {
		return nil, err
	}
	return pl.Plan, nil
}

// slot returns what is known about a value. Constants get their slot when they are first seen.
func (p *planner) slot(v *graph.Value) *slot {
	s := &p.slots[v.ID]
	if v.Const != nil && s.place == nowhere {
		s.Tensor, s.place = *v.Const, fixed
	}
	return s
}

// add plans a node.
func (p *planner) add(n *graph.Node) error {
	p.now = n
	if p.branches != nil {
		if done, err := p.choose(n); done || err != nil {
			return err
		}
	} else if nodes := p.held[n]; nodes != nil {
		return p.release(n, nodes)
	} else if p.taken[n] || p.alias(n) || !p.program.options.Keep && p.fast(n) {
		return nil
	}
	c, known := p.call(n)
	if c == nil || n.Domain == "" && controls[n.Op] != nil {
		p.late(n)
		return nil
	}
	err := c.Do(ops.Lookup(n.Domain, n.Op, n.Opset))
	if errors.Is(err, ops.ErrUnknown) {
		p.late(n)
		return nil
	}
	if err != nil {
		return nodeError(n, err)
	}
	if p.tables -= c.Tables; p.tables < 0 {
		return nodeError(n, fmt.Errorf("the nodes make tables of more than %d bytes", maxTables))
	}
	if t := c.Constant(); t != nil {
		p.slots[n.Out[0].ID] = slot{Tensor: *t, place: fixed}
		return nil
	}
	if kept, most := cost(c); known && !ops.Random(n.Op) && most <= p.left {
		p.left -= kept
		out, err := compute(c)
		if err != nil {
			return nodeError(n, err)
		}
		for i, t := range out {
			if c.Wants(i) {
				p.slots[n.Out[i].ID] = slot{Tensor: *t, place: fixed}
			}
		}
		return nil
	}
	p.step(c)
	return nil
}

func (p *planner) call(n *graph.Node) (c *ops.Call, known bool) {
	c, known = &ops.Call{Node: n, In: make([]*ops.Operand, len(n.In))}, true
	for i, v := range n.In {
		if v == nil {
			continue
		}
		s := p.slot(v)
		if s.place == nowhere {
			return nil, false
		}
		c.In[i] = &ops.Operand{Tensor: &s.Tensor, Known: s.place == fixed, Fixed: v.Const != nil}
		known = known && s.place == fixed
	}
	return c, known
}

func ids(list []*graph.Value) []int {
	v := make([]int, len(list))
	for i, e := range list {
		if v[i] = -1; e != nil {
			v[i] = e.ID
		}
	}
	return v
}

// late adds a node whose outputs are not known before it runs.
func (p *planner) late(n *graph.Node) {
	uses(n, func(v *graph.Value) {
		p.slot(v)
		p.plain(v.ID)
	})
	p.constants(n)
	p.steps = append(p.steps, step{node: n, in: ids(n.In), out: ids(n.Out), work: -1, late: true})
	p.Late++
}

// constants makes the slots of constants that bodies use.
func (p *planner) constants(n *graph.Node) {
	for _, body := range n.Bodies {
		for _, inner := range body.Nodes {
			for _, v := range inner.In {
				if v != nil {
					p.slot(v)
				}
			}
			p.constants(inner)
		}
	}
}

func (p *planner) step(c *ops.Call) {
	for _, v := range c.Node.In {
		if v != nil {
			p.plain(v.ID)
		}
	}
	s := step{node: c.Node, in: ids(c.Node.In), out: ids(c.Node.Out), kernel: c.Kernel, work: -1, size: c.Work}
	for i, r := range c.Results {
		if r.Type == tensor.Undefined {
			continue
		}
		t := slot{Tensor: tensor.Tensor{Type: r.Type, Shape: r.Shape}, place: arena, index: -1}
		if r.Of >= 0 {
			t.place, t.of, t.offset = viewed, s.in[r.Of], r.Offset
		}
		if s.out[i] < 0 { // left out by the node, but declared: the kernel may write there
			if r.Of >= 0 {
				continue
			}
			p.slots = append(p.slots, t)
			s.out[i] = len(p.slots) - 1
			continue
		}
		p.slots[s.out[i]] = t
	}
	for _, pair := range c.Pairs {
		p.pairs = append(p.pairs, ops.Pair{Out: s.out[pair.Out], In: s.in[pair.In]})
	}
	if c.Work > 0 {
		p.slots = append(p.slots, slot{Tensor: tensor.Tensor{Type: tensor.Uint8, Shape: []int{c.Work}}, place: arena, index: -1})
		s.work = len(p.slots) - 1
	}
	p.steps = append(p.steps, s)
}

// idle takes away the kernels of steps that would write no element: some of them loop over the axes all the same.
func (p *planner) idle() {
	for i := range p.steps {
		s := &p.steps[i]
		if s.late {
			continue
		}
		empty := true
		for _, v := range s.out {
			empty = empty && (v < 0 || p.slots[v].place == viewed || p.slots[v].Len() == 0)
		}
		if empty {
			s.kernel = nil
		}
	}
}

// rootOf follows views to the value that has the memory.
func (p *planner) rootOf(v int) int {
	for p.slots[v].place == viewed {
		v = p.slots[v].of
	}
	return v
}

// whole reports whether a value is all of the memory of its root, from the beginning on.
func (p *planner) whole(v int) bool {
	for p.slots[v].place == viewed {
		s := &p.slots[v]
		if s.offset != 0 || s.Len() != p.slots[s.of].Len() {
			return false
		}
		v = s.of
	}
	return true
}

// place decides which values are in the memory of the outputs.
func (p *planner) place() {
	for j, v := range p.program.model.Graph.Out {
		p.slot(v)
		p.plain(v.ID)
		s := p.slot(v)
		o := outlet{value: v.ID, late: s.place == nowhere}
		if root := p.rootOf(v.ID); !o.late && p.slots[root].place == arena && p.whole(v.ID) && p.slots[root].Type != tensor.String {
			p.slots[root].place, p.slots[root].index = output, j
			o.direct = true
		}
		p.outputs = append(p.outputs, o)
	}
}

// pack gives the other values their places in the arena.
func (p *planner) pack() error {
	born, dies := make([]int, len(p.slots)), make([]int, len(p.slots))
	for i, s := range p.steps {
		use := func(v int) { dies[p.rootOf(v)] = max(dies[p.rootOf(v)], i+1) }
		for _, v := range s.out {
			if v >= 0 {
				if p.slots[v].place != viewed {
					born[v] = i
				}
				use(v)
			}
		}
		for _, v := range s.in {
			if v >= 0 {
				use(v)
			}
		}
		if s.late { // its outputs may be views, which nobody follows
			uses(s.node, func(v *graph.Value) { dies[p.rootOf(v.ID)] = len(p.steps) + 1 })
		}
		if s.work >= 0 {
			born[s.work], dies[s.work] = i, i+1
		}
	}
	for _, o := range p.outputs {
		if !o.direct {
			dies[p.rootOf(o.value)] = len(p.steps) + 1
		}
	}
	for v := range p.slots {
		s := &p.slots[v]
		if s.place != arena || s.Type == tensor.String {
			continue
		}
		size := s.Type.Bytes(s.Len())
		s.index = len(p.problem.Blocks)
		p.problem.Blocks = append(p.problem.Blocks, plan.Block{Size: int64(round(size)), Align: 64, From: int64(born[v]), To: int64(dies[v])})
	}
	for _, pair := range p.pairs {
		p.inPlace(pair)
	}
	packed, err := plan.Pack(p.problem)
	if err != nil {
		return err
	}
	if packed.Peak > math.MaxInt/2 {
		return errors.New("onnx: the tensors do not fit into memory")
	}
	for v := range p.slots {
		if s := &p.slots[v]; s.place == arena && s.Type != tensor.String {
			s.offset = int(packed.Offsets[s.index])
		}
	}
	p.packed = packed
	return nil
}

// inPlace allows an output to take the memory of an input, if that ends there and no other input of the
// node is in the same memory.
func (p *planner) inPlace(pair ops.Pair) {
	if pair.Out < 0 || pair.In < 0 {
		return
	}
	root := p.rootOf(pair.In)
	in, out := &p.slots[root], &p.slots[pair.Out]
	if in.place != arena || out.place != arena || !p.whole(pair.In) || in.Type == tensor.String || out.Type == tensor.String {
		return
	}
	a, b := p.problem.Blocks[in.index], p.problem.Blocks[out.index]
	if a.To-1 != b.From || b.Size > a.Size || b.Size == 0 {
		return
	}
	for _, v := range p.steps[b.From].in {
		if v >= 0 && v != pair.In && p.rootOf(v) == root {
			return
		}
	}
	p.problem.InPlace = append(p.problem.InPlace, plan.Pair{In: in.index, Out: out.index})
}

// round rounds a number of bytes up to where the next tensor may begin.
func round(n int) int { return (n + 63) &^ 63 }
