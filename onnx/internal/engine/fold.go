package engine

import (
	"cmp"
	"errors"
	"math"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// DefaultConstants is [Options.Constants] if that is 0. It leaves room for networks whose files say how to make their
// weights.
const DefaultConstants = 1 << 30

// A folder computes what is the same in every run: nodes whose inputs are constants or, where
// the file says all shapes, depend on shapes only; and it puts the branch of an If in its place if its
// condition is constant.
type folder struct {
	m           *graph.Model
	subst       map[*graph.Value]*graph.Value // values that are others
	shapes      map[*graph.Value]*tensor.Tensor
	unsupported []Unsupported
	left        int         // bytes that may still be computed
	now         *graph.Node // is being folded
}

func newFolder(m *graph.Model, constants int) *folder {
	f := &folder{m: m, subst: map[*graph.Value]*graph.Value{}, shapes: map[*graph.Value]*tensor.Tensor{},
		left: max(cmp.Or(constants, DefaultConstants), 0) + 8*m.Size}
	for _, v := range m.In {
		if t, ok := static(v.Declared); ok && v.Const == nil {
			f.shapes[v] = t
		}
	}
	return f
}

// static returns the type and shape of a value if the file says all of it.
func static(d *proto.Value) (*tensor.Tensor, bool) {
	if d == nil || d.Kind != proto.KindTensor || !d.HasShape || !d.Type.Valid() {
		return nil, false
	}
	t := &tensor.Tensor{Type: d.Type, Shape: []int{}}
	for _, e := range d.Shape {
		if !e.Known {
			return nil, false
		}
		t.Shape = append(t.Shape, int(e.Size))
	}
	_, ok := tensor.CheckedCount(t.Shape, t.Type.Bits())
	return t, ok
}

func (f *folder) resolve(v *graph.Value) *graph.Value {
	for f.subst[v] != nil {
		v = f.subst[v]
	}
	return v
}

func (f *folder) resolveAll(list []*graph.Value) {
	for i, v := range list {
		list[i] = f.resolve(v)
	}
}

func (f *folder) graph(g *graph.Graph) (err error) {
	defer Rescue(&err, &f.now)
	nodes := g.Nodes
	g.Nodes = nil
	for _, n := range nodes {
		if err := f.node(g, n); err != nil {
			return err
		}
	}
	f.resolveAll(g.Out)
	return nil
}

func (f *folder) node(g *graph.Graph, n *graph.Node) error {
	f.now = n
	f.resolveAll(n.In)
	if n.Domain == "" && n.Op == "If" && len(n.In) == 1 && n.In[0] != nil && n.In[0].Const != nil {
		return f.branch(g, n)
	}
	if control := controls[n.Op]; control != nil && n.Domain == "" {
		for _, body := range n.Bodies {
			if err := f.graph(body); err != nil {
				return err
			}
		}
		f.captures(n)
		g.Nodes = append(g.Nodes, n)
		return nil
	}
	if n.Domain == "" && n.Op == "Identity" && len(n.In) == 1 && len(n.Out) == 1 && n.In[0] != nil && n.Out[0] != nil {
		f.subst[n.Out[0]] = n.In[0]
		return nil
	}
	fn := ops.Lookup(n.Domain, n.Op, n.Opset)
	if fn == nil {
		f.unsupported = append(f.unsupported, Unsupported{n.Name, n.Domain, n.Op, n.Opset, ""})
		g.Nodes = append(g.Nodes, n)
		return nil
	}
	c, known := f.call(n)
	if c != nil {
		err := c.Do(fn)
		if err == nil && known || err == nil && c.Constant() != nil {
			var done bool
			if done, err = f.fold(n, c); err == nil && done {
				return nil
			}
		}
		what, isUnsupported := errors.AsType[*ops.UnsupportedError](err)
		switch {
		case err == nil:
			for i, r := range c.Results {
				if c.Out[i] != nil {
					f.shapes[c.Out[i]] = &tensor.Tensor{Type: r.Type, Shape: r.Shape}
				}
			}
		case isUnsupported:
			f.unsupported = append(f.unsupported, Unsupported{n.Name, n.Domain, n.Op, n.Opset, what.What})
		case err != ops.ErrUnknown:
			return nodeError(n, err)
		}
	}
	g.Nodes = append(g.Nodes, n)
	return nil
}

// call returns the call of a node, nil if shapes of its inputs are not known; known is whether all
// inputs are constants.
func (f *folder) call(n *graph.Node) (c *ops.Call, known bool) {
	c, known = &ops.Call{Node: n, In: make([]*ops.Operand, len(n.In))}, true
	for i, v := range n.In {
		if v == nil {
			continue
		}
		if v.Const != nil {
			c.In[i] = &ops.Operand{Tensor: v.Const, Known: true, Fixed: true}
			continue
		}
		known = false
		t := f.shapes[v]
		if t == nil {
			return nil, false
		}
		c.In[i] = &ops.Operand{Tensor: t}
	}
	return c, known
}

// fold computes a node now. It does not if that would take more memory than is left.
func (f *folder) fold(n *graph.Node, c *ops.Call) (bool, error) {
	if ops.Random(n.Op) {
		return false, nil
	}
	if t := c.Constant(); t != nil {
		n.Out[0].Const = t
		return true, nil
	}
	kept, most := cost(c)
	if most > f.left {
		return false, nil
	}
	f.left -= kept
	out, err := compute(c)
	if err != nil {
		return false, nodeError(n, err)
	}
	for i, t := range out {
		if n.Out[i] != nil {
			n.Out[i].Const = t
		}
	}
	return true, nil
}

// stringBytes is the size of a string without its letters.
const stringBytes = 16

// cost returns the bytes that compute would take on the Go heap: those of the results, and with the work.
func cost(c *ops.Call) (kept, most int) {
	for _, r := range c.Results {
		switch n := tensor.Count(r.Shape); {
		case r.Type == tensor.Undefined || r.Of >= 0:
		case r.Type == tensor.String:
			kept += n * stringBytes
		default:
			kept += r.Type.Bytes(n)
		}
		if kept > math.MaxInt/4 { // the next one does not overflow
			break
		}
	}
	return kept, kept + c.Work
}

// compute runs the kernel of a call whose inputs are all known, on the Go heap.
func compute(c *ops.Call) ([]*tensor.Tensor, error) {
	args := &ops.Args{In: make([]*tensor.Tensor, len(c.In)), Out: make([]*tensor.Tensor, len(c.Results)), Work: tensor.Bytes(c.Work)}
	for i, x := range c.In {
		if x != nil {
			args.In[i] = x.Tensor
		}
	}
	for i, r := range c.Results {
		switch {
		case r.Type == tensor.Undefined:
		case r.Of >= 0:
			x := args.In[r.Of]
			args.Out[i] = &tensor.Tensor{Type: r.Type, Shape: r.Shape, Strings: x.Strings}
			if r.Type != tensor.String {
				args.Out[i].Data = x.Data[r.Offset:][:r.Type.Bytes(tensor.Count(r.Shape))]
			}
		default:
			args.Out[i] = tensor.New(r.Type, r.Shape...)
		}
	}
	if c.Kernel == nil || idle(c) {
		return args.Out, nil
	}
	return args.Out, c.Kernel(args)
}

// idle reports whether the kernel of a call would write no element.
func idle(c *ops.Call) bool {
	for _, r := range c.Results {
		if r.Type != tensor.Undefined && r.Of < 0 && tensor.Count(r.Shape) > 0 {
			return false
		}
	}
	return true
}

// branch puts the nodes of the branch that is taken in the place of an If.
func (f *folder) branch(g *graph.Graph, n *graph.Node) error {
	body, err := chosen(n, n.In[0].Const)
	if err != nil {
		return nodeError(n, err)
	}
	for _, inner := range body.Nodes {
		if err := f.node(g, inner); err != nil {
			return err
		}
	}
	f.resolveAll(body.Out)
	for i, v := range n.Out {
		if v != nil {
			f.subst[v] = body.Out[i]
		}
	}
	return nil
}

// captures notes again what the bodies of a node use of the graphs around it.
func (f *folder) captures(n *graph.Node) {
	for _, body := range n.Bodies {
		inside, seen := map[*graph.Value]bool{}, map[*graph.Value]bool{}
		body.Captured = nil
		for _, v := range body.In {
			inside[v] = true
		}
		use := func(list []*graph.Value) {
			for _, v := range list {
				if v != nil && v.Const == nil && !inside[v] && !seen[v] {
					seen[v] = true
					body.Captured = append(body.Captured, v)
				}
			}
		}
		for _, inner := range body.Nodes {
			use(inner.In)
			for _, deeper := range inner.Bodies {
				use(deeper.Captured)
			}
			for _, v := range inner.Out {
				inside[v] = true
			}
		}
		use(body.Out)
	}
}

// uses calls fn for all values that a node reads.
func uses(n *graph.Node, fn func(*graph.Value)) {
	for _, v := range n.In {
		if v != nil {
			fn(v)
		}
	}
	for _, body := range n.Bodies {
		for _, v := range body.Captured {
			fn(v)
		}
	}
}

// prune takes away nodes whose outputs nobody reads, and single outputs.
func prune(g *graph.Graph) {
	used := map[*graph.Value]bool{}
	for _, v := range g.Out {
		used[v] = true
	}
	kept := len(g.Nodes)
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n, needed := g.Nodes[i], false
		for j, v := range n.Out {
			if v != nil && !used[v] && n.Bodies == nil {
				n.Out[j] = nil
			}
			needed = needed || v != nil && used[v]
		}
		if !needed {
			continue
		}
		uses(n, func(v *graph.Value) { used[v] = true })
		for _, body := range n.Bodies {
			prune(body)
		}
		kept--
		g.Nodes[kept] = n
	}
	g.Nodes = g.Nodes[kept:]
}
