package engine

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// layoutNode is the node of steps that put a tensor into another order.
var layoutNode = &graph.Node{Name: "order of axes", Op: "Transpose"}

// maxChain is how many nodes are looked at for a chain.
const maxChain = 32

// readers are the nodes that read a value, by their place in the graph; len(nodes) stands for an output of the graph,
// or a body.
func readersOf(nodes []*graph.Node, out []*graph.Value, values int) [][]int {
	list := make([][]int, values)
	add := func(v *graph.Value, i int) {
		if !slices.Contains(list[v.ID], i) {
			list[v.ID] = append(list[v.ID], i)
		}
	}
	for i, n := range nodes {
		for _, v := range n.In {
			if v != nil {
				add(v, i)
			}
		}
		if n.Bodies != nil {
			uses(n, func(v *graph.Value) { add(v, len(nodes)) })
		}
	}
	for _, v := range out {
		add(v, len(nodes))
	}
	return list
}

// fast plans a node, and those after it that can be computed with it, in the best way there is for them; false
// if that is not known better than for any other node.
func (p *planner) fast(n *graph.Node) bool {
	if n.Domain != "" || n.Bodies != nil || len(n.Out) == 0 || n.Out[0] == nil {
		return false
	}
	c, known := p.call(n)
	if c == nil || known || len(c.In) == 0 {
		return false
	}
	switch n.Op {
	case "Conv":
		if len(c.In) < 2 {
			return false
		}
		h, err := ops.ConvHead(c)
		return err == nil && h != nil && p.head(c, h)
	case "ConvTranspose":
		if len(c.In) < 2 {
			return false
		}
		h, err := ops.ConvTransposeHead(c)
		return err == nil && h != nil && p.head(c, h)
	case "ScatterND":
		ok, err := ops.ScatterRuns(c)
		if !ok || err != nil {
			return false
		}
		p.step(c)
		return true
	case "MatMul", "Gemm":
		if len(c.In) < 2 {
			return false
		}
		if n.Op == "MatMul" && c.In[0] != nil && c.In[1] != nil && !c.In[1].Fixed && !p.loose[n] && p.hold(n) {
			return true
		}
		h, err := ops.ProductHead(c)
		return err == nil && h != nil && p.head(c, h)
	case "ReduceMean":
		if p.layerNorm(n) {
			return true
		}
	case "MaxPool", "AveragePool":
		return p.pool(c)
	case "GlobalAveragePool", "GlobalMaxPool":
		return len(n.In) > 0 && n.In[0] != nil && p.isLast(n.In[0].ID) && p.pool(c)
	}
	if n.Op == "Equal" && p.lookup(c) || ops.Fuses(n.Op) && p.alone(c) {
		return true
	}
	return p.reshaped(c) || p.turned(c) || p.permuted(c)
}

// lookup plans an Equal that makes one-hot vectors, if they are only multiplied by a matrix.
func (p *planner) lookup(c *ops.Call) bool {
	nodes := []*graph.Node{c.Node}
	for _, op := range []string{"Cast", "MatMul"} {
		n := nodes[len(nodes)-1]
		readers := p.readers[n.Out[0].ID]
		if len(readers) != 1 || readers[0] == len(p.nodes) {
			return false
		}
		next := p.nodes[readers[0]]
		if next.Op != op || next.Domain != "" || len(next.In) == 0 || next.In[0] != n.Out[0] || next.Out[0] == nil {
			return false
		}
		nodes = append(nodes, next)
	}
	product := nodes[2]
	if len(product.In) != 2 || product.In[1] == nil || product.In[1].Const == nil {
		return false
	}
	h := ops.LookupHead(c, nodes[1], product.In[1].Const)
	if h == nil {
		return false
	}
	if !p.headTo(c, h, product.Out[0].ID) {
		return false
	}
	p.take(nodes[1:])
	return true
}

// reshaped plans a node that only changes the shape of a tensor with the channels last, and nothing about its channels.
func (p *planner) reshaped(c *ops.Call) bool {
	n := c.Node
	if n.In[0] == nil || !p.isLast(n.In[0].ID) || len(n.Out) != 1 {
		return false
	}
	if err := c.Do(ops.Lookup(n.Domain, n.Op, n.Opset)); err != nil || c.Constant() != nil || c.Kernel != nil {
		return false
	}
	in, r := p.slots[n.In[0].ID].Shape, c.Results[0]
	if r.Of != 0 || r.Offset != 0 || len(r.Shape) < 3 || in[0] != r.Shape[0] || in[1] != r.Shape[1] || tensor.Count(in) != tensor.Count(r.Shape) {
		return false
	}
	p.viewLast(n, p.lasts[n.In[0].ID], r.Shape)
	return true
}

// viewLast makes the output of a node, with the channels last, a view of a slot.
func (p *planner) viewLast(n *graph.Node, of int, shape []int) {
	out := p.declare(n.Out[0].ID, tensor.Float, shape, true)
	p.slots[out].place, p.slots[out].of = viewed, of
	p.steps = append(p.steps, step{node: n, in: []int{of}, out: []int{out}, work: -1})
}

// turned plans a Transpose whose result, with the channels last, is the memory of its input.
func (p *planner) turned(c *ops.Call) bool {
	n := c.Node
	if n.Op != "Transpose" || c.In[0] == nil || c.In[0].Type != tensor.Float || c.In[0].Rank() < 3 || n.In[0] == nil || p.slots[n.In[0].ID].place != arena && p.slots[n.In[0].ID].place != viewed {
		return false
	}
	perm, ok := c.Ints("perm")
	if err := c.Do(ops.Lookup(n.Domain, n.Op, n.Opset)); !ok || err != nil || len(perm) != c.In[0].Rank() {
		return false
	}
	order := append(append([]int{perm[0]}, perm[2:]...), perm[1])
	before := -1
	for _, axis := range order {
		if c.In[0].Shape[axis] == 1 {
			continue
		}
		if axis < before {
			return false
		}
		before = axis
	}
	if isEither(c.Results[0].Shape) {
		return false
	}
	p.viewLast(n, n.In[0].ID, slices.Clone(c.Results[0].Shape))
	return true
}

func (p *planner) pool(c *ops.Call) bool {
	ok, err := ops.PoolLast(c)
	if !ok || err != nil {
		return false
	}
	in := p.last(c.Node.In[0].ID)
	out := p.declare(c.Out[0].ID, tensor.Float, c.Results[0].Shape, true)
	p.steps = append(p.steps, step{node: c.Node, in: []int{in}, out: []int{out}, kernel: c.Kernel, work: -1})
	return true
}

// head plans a node that others can follow.
func (p *planner) head(c *ops.Call, h *ops.Head) bool { return p.headTo(c, h, c.Out[0].ID) }

// headTo is head for one whose result is the value out.
func (p *planner) headTo(c *ops.Call, h *ops.Head, out int) bool {
	n := c.Node
	shape := slices.Clone(h.Shape)
	taken := p.absorb(h, &out, shape)
	chain := ops.NewChain(shape, h.Last, out)
	out, more := p.grow(chain, out, nil)
	if chain.Len() == 0 {
		chain = nil
	}
	var inputs []int
	if chain != nil {
		inputs = slices.Clone(chain.Inputs)
	}
	kernel, work := h.Kernel(chain)
	if kernel == nil {
		return false
	}
	s := step{node: n, kernel: kernel, size: work}
	for _, i := range h.In {
		s.in = append(s.in, p.inLayout(n.In[i].ID, h.Last))
	}
	for i, v := range inputs {
		s.in = append(s.in, p.chainInput(chain, i, v, h.Last))
	}
	s.out = []int{p.declare(out, tensor.Float, shape, h.Last)}
	s.work = p.workSlot(work)
	p.steps = append(p.steps, s)
	p.take(taken)
	p.take(more)
	return true
}

func (p *planner) chainInput(chain *ops.Chain, i, v int, last bool) int {
	if !chain.Columns(i) {
		return p.inLayout(v, last)
	}
	return p.plain(v)
}

func (p *planner) take(nodes []*graph.Node) {
	for _, n := range nodes {
		p.taken[n] = true
	}
}

// absorb makes factors and summands of the channels behind a head part of its weights, and returns their nodes.
func (p *planner) absorb(h *ops.Head, out *int, shape []int) (taken []*graph.Node) {
	nodes, channels := p.nodes, h.Channels()
	for channels > 0 {
		readers := p.readers[*out]
		if len(readers) != 1 || readers[0] == len(nodes) {
			break
		}
		n := nodes[readers[0]]
		if n.Domain != "" || len(n.Out) == 0 || n.Out[0] == nil {
			break
		}
		scale, shift, ok := p.affine(n, *out, shape)
		if !ok || !h.Absorb(n, scale, shift) {
			break
		}
		taken = append(taken, n)
		*out = n.Out[0].ID
	}
	return taken
}

// affine returns what a node multiplies the channels of value v, of a shape, by, and what it adds to them, if it does no more than that.
func (p *planner) affine(n *graph.Node, v int, shape []int) (scale, shift []float64, ok bool) {
	if n.Op == "BatchNormalization" {
		if n.In[0] == nil || n.In[0].ID != v || slices.ContainsFunc(n.Out[1:], func(v *graph.Value) bool { return v != nil }) {
			return nil, nil, false
		}
		c := &ops.Call{Node: n, In: make([]*ops.Operand, len(n.In))}
		c.In[0] = &ops.Operand{Tensor: &tensor.Tensor{Type: tensor.Float, Shape: shape}}
		for i, v := range n.In[1:] {
			if v == nil || v.Const == nil {
				return nil, nil, false
			}
			c.In[i+1] = &ops.Operand{Tensor: v.Const, Known: true, Fixed: true}
		}
		return ops.BatchNormAffine(c)
	}
	if len(n.In) != 2 || n.In[0] == nil || n.In[1] == nil || n.Attrs["broadcast"] != nil || n.Op != "Mul" && n.Op != "Add" && n.Op != "Sub" && n.Op != "Div" {
		return nil, nil, false
	}
	x, y := n.In[0], n.In[1]
	if y.ID == v && (n.Op == "Mul" || n.Op == "Add") {
		x, y = y, x
	}
	if x.ID != v || y.Const == nil || y.Const.Type != tensor.Float || y.Const.Rank() > len(shape) {
		return nil, nil, false
	}
	t := y.Const
	for i, d := range t.Shape {
		if axis := len(shape) - t.Rank() + i; d != 1 && (axis != 1 || d != shape[1]) {
			return nil, nil, false
		}
	}
	for _, f := range tensor.Slice[float32](t) {
		switch e := float64(f); n.Op {
		case "Mul":
			scale = append(scale, e)
		case "Div":
			scale = append(scale, 1/e)
		case "Add":
			shift = append(shift, e)
		case "Sub":
			shift = append(shift, -e)
		}
	}
	return scale, shift, true
}

// alone plans a chain that begins with the node of c.
func (p *planner) alone(c *ops.Call) bool {
	n := c.Node
	if err := c.Do(ops.Lookup(n.Domain, n.Op, n.Opset)); err != nil || c.Constant() != nil || c.Results[0].Type != tensor.Float {
		return false
	}
	shape := slices.Clone(c.Results[0].Shape)
	if tensor.Count(shape) == 0 {
		return false
	}
	last := false
	for _, v := range n.In {
		if v != nil && p.isLast(v.ID) && slices.Equal(p.slots[v.ID].Shape, shape) {
			last = true
		}
	}
	chain := ops.NewChain(shape, last, -1)
	if !chain.Add(c, ids(n.In), n.Out[0].ID) {
		return false
	}
	out, taken := p.grow(chain, n.Out[0].ID, n)
	inputs := slices.Clone(chain.Inputs)
	s := step{node: n, size: chain.Close(0)}
	s.kernel = chain.Alone(s.size)
	for i, v := range inputs {
		s.in = append(s.in, p.chainInput(chain, i, v, last))
	}
	s.out = []int{p.declare(out, tensor.Float, shape, last)}
	for i := range inputs {
		if !chain.Columns(i) {
			p.pairs = append(p.pairs, ops.Pair{Out: s.out[0], In: s.in[i]})
		}
	}
	s.work = p.workSlot(s.size)
	p.steps = append(p.steps, s)
	p.take(taken)
	return true
}

// grow adds nodes to a chain whose last value is out, as long as nobody else needs what lies between. It returns the
// value that the chain makes, and the nodes that it has added.
func (p *planner) grow(chain *ops.Chain, out int, first *graph.Node) (int, []*graph.Node) {
	nodes, readers := p.nodes, p.readers
	made, group := []int{out}, []int{}
	var taken []*graph.Node
	mark, kept := chain.Mark(), 0
	if first != nil {
		group = append(group, slices.Index(nodes, first))
	}
	shape := chain.Shape()
	for range maxChain {
		next := len(nodes)
		for _, v := range made {
			for _, r := range readers[v] {
				if !slices.Contains(group, r) {
					next = min(next, r)
				}
			}
		}
		if next == len(nodes) {
			break
		}
		n := nodes[next]
		if n.Domain != "" || !ops.Fuses(n.Op) || len(n.Out) == 0 || n.Out[0] == nil || p.taken[n] {
			break
		}
		c := &ops.Call{Node: n, In: make([]*ops.Operand, len(n.In))}
		ready := true
		for i, v := range n.In {
			if v == nil {
				continue
			}
			if slices.Contains(made, v.ID) {
				c.In[i] = &ops.Operand{Tensor: &tensor.Tensor{Type: tensor.Float, Shape: shape}}
				continue
			}
			s := p.slot(v)
			if ready = ready && s.place != nowhere; ready {
				c.In[i] = &ops.Operand{Tensor: &s.Tensor, Known: s.place == fixed, Fixed: v.Const != nil}
			}
		}
		if !ready || c.Do(ops.Lookup(n.Domain, n.Op, n.Opset)) != nil || c.Results[0].Type != tensor.Float || !slices.Equal(c.Results[0].Shape, shape) ||
			!chain.Add(c, ids(n.In), n.Out[0].ID) {
			break
		}
		made, group, taken = append(made, n.Out[0].ID), append(group, next), append(taken, n)
		open := 0
		for _, v := range made {
			if slices.ContainsFunc(readers[v], func(r int) bool { return !slices.Contains(group, r) }) {
				open++
			}
		}
		last := made[len(made)-1]
		if open == 1 && slices.ContainsFunc(readers[last], func(r int) bool { return !slices.Contains(group, r) }) {
			out, mark, kept = last, chain.Mark(), len(taken)
		}
	}
	chain.Reset(mark)
	return out, taken[:kept]
}

// permuted plans a node that reads tensors with the channels last as they are, with its axes renamed.
func (p *planner) permuted(c *ops.Call) bool {
	n := c.Node
	some := false
	for _, v := range n.In {
		some = some || v != nil && p.isLast(v.ID)
	}
	if !some {
		return false
	}
	count, back := ops.Permute(c)
	if count == 0 {
		return false
	}
	if err := c.Do(ops.Lookup(c.Domain, c.Op, c.Opset)); err != nil || c.Constant() != nil {
		return false
	}
	for i := range c.Results {
		if r := &c.Results[i]; r.Of >= count || r.Of > 0 || r.Type != tensor.Float {
			return false
		}
	}
	s := step{node: n, kernel: c.Kernel, size: c.Work}
	for i, v := range n.In {
		switch {
		case v == nil:
			s.in = append(s.in, -1)
		case i < count:
			s.in = append(s.in, p.last(v.ID))
		default:
			s.in = append(s.in, p.plain(v.ID))
		}
	}
	for i, v := range n.Out {
		if v == nil {
			s.out = append(s.out, -1)
			continue
		}
		r := c.Results[i]
		shape := r.Shape
		if back {
			shape = ops.ChannelsFirst(shape)
		}
		out := p.declare(v.ID, r.Type, shape, back)
		if r.Of >= 0 {
			p.slots[out].place, p.slots[out].of, p.slots[out].offset = viewed, s.in[r.Of], r.Offset
		}
		s.out = append(s.out, out)
	}
	for _, pair := range c.Pairs {
		p.pairs = append(p.pairs, ops.Pair{Out: s.out[pair.Out], In: s.in[pair.In]})
	}
	s.work = p.workSlot(c.Work)
	p.steps = append(p.steps, s)
	return true
}
