package graph

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// MaxNodes is how many nodes a model may have, after the functions that it defines are put in the
// place of their uses.
const MaxNodes = 1 << 18

const maxFunctions = 16 // how deep functions may use each other

// MaxParts is how many parts of nodes and bodies a model may have, beyond a sixteenth of its bytes, that do not stand
// in its file one by one: what each use of a function repeats, and what bodies use of the graphs around them.
const MaxParts = 1 << 18

// A builder makes a model out of a file.
type builder struct {
	m         *Model
	functions map[string]function
	nodes     int
	parts     int // still allowed
	sparse    int // bytes of sparse constants, likewise
	inline    int
}

// A function is one of the file, with what its uses have in common.
type function struct {
	*proto.Function
	opsets map[string]int
}

// Build makes the graph of a file. Names that nothing defines, defined twice or used before they are
// defined are errors that match [proto.ErrMalformed].
func Build(file *proto.Model) (*Model, error) {
	b := &builder{m: &Model{Opsets: opsets(file.Opsets), Size: file.Size}, functions: map[string]function{}, parts: MaxParts + file.Size/16,
		sparse: maxSparse + 8*file.Size}
	if len(file.Opsets) == 0 {
		b.m.Opsets[""] = 1
	}
	for _, f := range file.Functions {
		b.functions[f.Domain+"\x00"+f.Name+"\x00"+f.Overload] = function{f, opsets(f.Opsets)}
	}
	g, err := b.graph(file.Graph, nil, b.m.Opsets, nil)
	if err != nil {
		return nil, err
	}
	b.m.Graph = g
	return b.m, nil
}

// spend takes n parts; those of a file's own graphs cost nothing unless they are captures.
func (b *builder) spend(where string, n int) error {
	if b.parts -= n; b.parts < 0 {
		return &proto.Error{Where: where, What: fmt.Sprintf("functions and bodies repeat more than %d parts", MaxParts+b.m.Size/16)}
	}
	return nil
}

// repeated is spend for what stands in the file once, but is put in the place of each use of a function.
func (b *builder) repeated(where string, n int) error {
	if b.inline == 0 {
		return nil
	}
	return b.spend(where, n)
}

func opsets(list []proto.Opset) map[string]int {
	m := map[string]int{}
	for _, o := range list {
		m[o.Domain] = int(min(max(o.Version, 0), math.MaxInt32))
	}
	return m
}

// A names is what names mean in a graph.
type names struct {
	outer    *names
	graph    *Graph
	of       map[string]*Value
	captured map[*Value]bool
	parts    *int // of the builder
}

// find returns the value of a name, and notes it where it is captured.
func (s *names) find(name string) *Value {
	if v, ok := s.of[name]; ok {
		return v
	}
	if s.outer == nil {
		return nil
	}
	v := s.outer.find(name)
	if v != nil && !s.captured[v] {
		s.captured[v] = true
		s.graph.Captured = append(s.graph.Captured, v)
		*s.parts--
	}
	return v
}

func (b *builder) define(s *names, name, where string) (*Value, error) {
	if _, ok := s.of[name]; ok {
		return nil, &proto.Error{Where: where, What: fmt.Sprintf("%q is defined twice", name)}
	}
	v := b.m.NewValue(name)
	s.of[name] = v
	return v, nil
}

func (b *builder) graph(file *proto.Graph, outer *names, opsets map[string]int, attrs map[string]*proto.Attribute) (*Graph, error) {
	where := fmt.Sprintf("graph %q", file.Name)
	g := &Graph{Name: file.Name}
	s := &names{outer, g, map[string]*Value{}, map[*Value]bool{}, &b.parts}
	if err := b.repeated(where, 4+3*len(file.Initializers)+3*len(file.Sparse)+3*len(file.Inputs)+len(file.Outputs)+len(file.Values)); err != nil {
		return nil, err
	}
	for _, t := range file.Initializers {
		v, err := b.define(s, t.Name, where)
		if err != nil {
			return nil, err
		}
		v.Const = &t.Tensor
	}
	for _, p := range file.Sparse {
		t, err := b.dense(p)
		if err != nil {
			return nil, err
		}
		v, err := b.define(s, p.Values.Name, where)
		if err != nil {
			return nil, err
		}
		v.Const = t
	}
	for _, in := range file.Inputs {
		if v, ok := s.of[in.Name]; ok && v.Const != nil {
			v.Declared = in // old files list the constants as inputs
			continue
		}
		v, err := b.define(s, in.Name, where)
		if err != nil {
			return nil, err
		}
		v.Declared = in
		g.In = append(g.In, v)
	}
	for _, n := range file.Nodes {
		if err := b.node(g, s, n, opsets, attrs); err != nil {
			return nil, err
		}
	}
	for _, v := range file.Values {
		if have, ok := s.of[v.Name]; ok {
			have.Declared = v
		}
	}
	for _, out := range file.Outputs {
		v := s.find(out.Name)
		if v == nil {
			return nil, &proto.Error{Where: where, What: fmt.Sprintf("output %q is not defined", out.Name)}
		}
		if v.Declared == nil {
			v.Declared = out
		}
		g.Out = append(g.Out, v)
	}
	return g, nil
}

func (b *builder) node(g *Graph, s *names, file *proto.Node, opsets map[string]int, attrs map[string]*proto.Attribute) error {
	where := fmt.Sprintf("node %q (%s)", file.Name, file.Op)
	if b.nodes++; b.nodes > MaxNodes {
		return &proto.Error{Where: where, What: fmt.Sprintf("more than %d nodes", MaxNodes)}
	}
	if err := b.repeated(where, 4+len(file.Inputs)+3*len(file.Outputs)+2*len(file.Attributes)); err != nil {
		return err
	}
	n := &Node{Name: file.Name, Op: file.Op, Domain: file.Domain, Opset: opsets[file.Domain], Attrs: map[string]*proto.Attribute{}}
	for _, a := range file.Attributes {
		if a.Ref != "" {
			ref, ok := attrs[a.Ref]
			if !ok {
				continue
			}
			named := *ref
			named.Name, a = a.Name, &named
		}
		n.Attrs[a.Name] = a
	}
	for _, name := range file.Inputs {
		var v *Value
		if name != "" {
			if v = s.find(name); v == nil {
				return &proto.Error{Where: where, What: fmt.Sprintf("input %q is not defined before", name)}
			}
			if err := b.spend(where, 0); err != nil { // find has counted what bodies capture
				return err
			}
		}
		n.In = append(n.In, v)
	}
	if f, ok := b.functions[file.Domain+"\x00"+file.Op+"\x00"+file.Overload]; ok {
		return b.function(g, s, n, f, file.Outputs, where)
	}
	for _, name := range slices.Sorted(maps.Keys(n.Attrs)) {
		if a := n.Attrs[name]; a.G != nil {
			body, err := b.graph(a.G, s, opsets, attrs)
			if err != nil {
				return err
			}
			if n.Bodies == nil {
				n.Bodies = map[string]*Graph{}
			}
			n.Bodies[a.Name] = body
		}
	}
	if n.Domain == TrainingDomain && n.Op == "Gradient" {
		if list := b.derivative(g, s, n); len(list) == len(file.Outputs) && len(list) > 0 {
			for i, name := range file.Outputs {
				if _, ok := s.of[name]; ok {
					return &proto.Error{Where: where, What: fmt.Sprintf("%q is defined twice", name)}
				}
				s.of[name] = list[i]
			}
			return nil
		}
	}
	for _, name := range file.Outputs {
		var v *Value
		if name != "" {
			var err error
			if v, err = b.define(s, name, where); err != nil {
				return err
			}
		}
		n.Out = append(n.Out, v)
	}
	g.Nodes = append(g.Nodes, n)
	return nil
}

// function puts the nodes of f in the place of its use n.
func (b *builder) function(g *Graph, s *names, n *Node, f function, outputs []string, where string) error {
	if b.inline++; b.inline > maxFunctions {
		return &proto.Error{Where: where, What: fmt.Sprintf("functions nest more than %d deep", maxFunctions)}
	}
	defer func() { b.inline-- }()
	if err := b.repeated(where, len(f.Inputs)+2*len(f.Defaults)); err != nil {
		return err
	}
	if len(n.In) > len(f.Inputs) || len(outputs) > len(f.Outputs) {
		return &proto.Error{Where: where, What: fmt.Sprintf("%d inputs and %d outputs, the function has %d and %d", len(n.In), len(outputs), len(f.Inputs), len(f.Outputs))}
	}
	inner := &names{graph: g, of: map[string]*Value{}, parts: &b.parts}
	for i, name := range f.Inputs {
		if i < len(n.In) && n.In[i] != nil {
			inner.of[name] = n.In[i]
		} else {
			inner.of[name] = nil
		}
	}
	for _, a := range f.Defaults {
		if _, ok := n.Attrs[a.Name]; !ok {
			n.Attrs[a.Name] = a
		}
	}
	for _, node := range f.Nodes {
		trimmed := *node
		trimmed.Inputs = slices.Clone(node.Inputs)
		for i, name := range trimmed.Inputs {
			if v, ok := inner.of[name]; ok && v == nil {
				trimmed.Inputs[i] = "" // an input that the use leaves out
			}
		}
		if err := b.node(g, inner, &trimmed, f.opsets, n.Attrs); err != nil {
			return err
		}
	}
	for i, name := range outputs {
		if name == "" {
			continue
		}
		v := inner.of[f.Outputs[i]]
		if v == nil {
			return &proto.Error{Where: where, What: fmt.Sprintf("the function does not define its output %q", f.Outputs[i])}
		}
		if _, ok := s.of[name]; ok {
			return &proto.Error{Where: where, What: fmt.Sprintf("%q is defined twice", name)}
		}
		s.of[name] = v
	}
	return nil
}

// maxSparse is how many bytes the sparse constants of a file may stand for, beyond eight times its own.
const maxSparse = 64 << 20

func (b *builder) dense(p *proto.Sparse) (*tensor.Tensor, error) {
	where := fmt.Sprintf("sparse tensor %q", p.Values.Name)
	n, ok := tensor.CheckedCount(p.Shape, p.Values.Type.Bits())
	if !ok || p.Values.Type.Bits() < 8 || p.Indices.Type != tensor.Int64 || len(p.Values.External)+len(p.Indices.External) > 0 {
		return nil, &proto.Error{Where: where, What: fmt.Sprintf("%v of %v with indices %v", p.Values, p.Shape, p.Indices)}
	}
	if b.sparse -= p.Values.Type.Bytes(n); b.sparse < 0 {
		return nil, &proto.Error{Where: where, What: fmt.Sprintf("the sparse constants stand for more than %d bytes", maxSparse+8*b.m.Size)}
	}
	t, count, size := tensor.New(p.Values.Type, p.Shape...), p.Values.Len(), p.Values.Type.Bits()/8
	at := tensor.Slice[int64](&p.Indices.Tensor)
	per := 1
	if p.Indices.Rank() == 2 {
		per = p.Indices.Shape[1]
	}
	if p.Values.Rank() != 1 || len(at) != count*per || per != 1 && per != len(p.Shape) {
		return nil, &proto.Error{Where: where, What: fmt.Sprintf("%v elements with indices %v", p.Values, p.Indices)}
	}
	for i := range count {
		flat := 0
		for j, v := range at[i*per : (i+1)*per] {
			extent := n
			if per > 1 {
				extent = p.Shape[j]
			}
			if v < 0 || v >= int64(extent) {
				return nil, &proto.Error{Where: where, What: fmt.Sprintf("index %d is not below %d", v, extent)}
			}
			flat = flat*extent + int(v)
		}
		copy(t.Data[flat*size:(flat+1)*size], p.Values.Data[i*size:])
	}
	return t, nil
}
