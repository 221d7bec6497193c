// Package engine makes a program of a graph and runs it.
//
// [Compile] folds what is constant and joins what can be computed together. The program makes a plan for
// each signature, that is, for each combination of shapes of the inputs: it infers all shapes, computes
// what follows from them, and packs the other tensors into one arena. A run takes the memory of the arena
// from its context and goes through the steps of the plan.
package engine

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Options are what a program may be told.
type Options struct {
	Bind     map[string]*tensor.Tensor // inputs that are always the same
	MaxPlans int                       // how many plans are kept
	Keep     bool                      // do not join nodes: for looking at intermediates

	// Constants is how many bytes Compile computes, beyond eight times those of the model: constants that it keeps,
	// and what it needs meanwhile. What is more is computed in each run, with memory from its context.
	Constants int
}

// A Program is a graph that is ready to run. Goroutines may run it at the same time.
type Program struct {
	model   *graph.Model
	options Options
	in, out []*graph.Value
	readers [][]int // by value

	mu      sync.Mutex
	plans   atomic.Pointer[[]*Plan] // the last one used first, about
	special bool                    // plans depend on the elements of small inputs of integers
	made    int
}

// Unsupported is a node that cannot be computed.
type Unsupported struct {
	Node, Domain, Op string
	Opset            int
	What             string // more, or empty for the operator as a whole
}

// An UnsupportedError lists all of them.
type UnsupportedError struct{ Nodes []Unsupported }

func (e *UnsupportedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "onnx: %d nodes are not supported:", len(e.Nodes))
	for i, n := range e.Nodes {
		if i == 20 {
			fmt.Fprintf(&b, "\n\tand %d more", len(e.Nodes)-i)
			break
		}
		op := n.Op
		if n.Domain != "" {
			op = n.Domain + "." + op
		}
		fmt.Fprintf(&b, "\n\tnode %q: %s of opset %d", n.Node, op, n.Opset)
		if n.What != "" {
			fmt.Fprintf(&b, ": %s", n.What)
		}
	}
	return b.String()
}

// ErrInvalid is matched by errors about a model whose nodes make no sense, or do not for the inputs of a
// run.
var ErrInvalid = errors.New("invalid graph")

// A NodeError says which node is wrong.
type NodeError struct {
	Node, Op string
	Opset    int
	Err      error
}

func (e *NodeError) Error() string {
	return fmt.Sprintf("onnx: node %q (%s, opset %d): %v", e.Node, e.Op, e.Opset, e.Err)
}

// Unwrap lets errors.Is match [ErrInvalid] and the cause.
func (e *NodeError) Unwrap() []error { return []error{ErrInvalid, e.Err} }

func nodeError(n *graph.Node, err error) error {
	if what, ok := errors.AsType[*ops.UnsupportedError](err); ok {
		return &UnsupportedError{[]Unsupported{{n.Name, n.Domain, n.Op, n.Opset, what.What}}}
	}
	return &NodeError{n.Name, n.Op, n.Opset, err}
}

// Compile makes a program of a file that has been read. It changes nothing in file.
func Compile(file *proto.Model, options Options) (*Program, error) {
	m, err := graph.Build(file)
	if err != nil {
		return nil, err
	}
	if options.MaxPlans <= 0 {
		options.MaxPlans = 16
	}
	p := &Program{model: m, options: options}
	p.plans.Store(&[]*Plan{})
	for _, v := range m.In {
		if d := v.Declared; d.Kind != proto.KindTensor {
			return nil, &UnsupportedError{[]Unsupported{{v.Name, "", "input", m.Opsets[""], "a value that is not a tensor"}}}
		}
		if t := options.Bind[v.Name]; t != nil {
			v.Const = t
			continue
		}
		p.in = append(p.in, v)
	}
	for _, v := range m.Graph.Out {
		if d := v.Declared; d != nil && d.Kind != proto.KindTensor && d.Kind != proto.KindNone {
			return nil, &UnsupportedError{[]Unsupported{{v.Name, "", "output", m.Opsets[""], "a value that is not a tensor"}}}
		}
	}
	if err := bound(m.Graph, options.Bind); err != nil {
		return nil, err
	}
	f := newFolder(m, options.Constants)
	if err := f.graph(m.Graph); err != nil {
		return nil, err
	}
	if len(f.unsupported) > 0 {
		return nil, &UnsupportedError{f.unsupported}
	}
	prune(m.Graph)
	p.out, p.readers = m.Out, readersOf(m.Nodes, m.Out, m.Values)
	return p, nil
}

func bound(g *graph.Graph, bind map[string]*tensor.Tensor) error {
	have := map[string]*graph.Value{}
	for _, v := range g.In {
		have[v.Name] = v
	}
	for name, t := range bind {
		v := have[name]
		if v == nil {
			return fmt.Errorf("onnx: %q is bound, but no input of that name", name)
		}
		if err := fits(v, t); err != nil {
			return err
		}
	}
	return nil
}

// fits checks a tensor for what the file says about an input.
func fits(v *graph.Value, t *tensor.Tensor) error {
	d := v.Declared
	if d.Type != tensor.Undefined && d.Type != t.Type {
		return fmt.Errorf("onnx: input %q is %v, want %v", v.Name, t, d.Type)
	}
	if !d.HasShape {
		return nil
	}
	ok := len(d.Shape) == len(t.Shape)
	for i := 0; ok && i < len(d.Shape); i++ {
		ok = !d.Shape[i].Known || d.Shape[i].Size == int64(t.Shape[i])
	}
	if !ok {
		return fmt.Errorf("onnx: input %q is %v, want %s", v.Name, t, DimsText(d.Shape))
	}
	return nil
}

// DimsText writes a declared shape, as in [batch,3,?,320].
func DimsText(dims []proto.Dim) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range dims {
		if i > 0 {
			b.WriteByte(',')
		}
		switch {
		case d.Known:
			fmt.Fprint(&b, d.Size)
		case d.Param != "":
			b.WriteString(d.Param)
		default:
			b.WriteByte('?')
		}
	}
	b.WriteByte(']')
	return b.String()
}

// Inputs returns the inputs of a run.
func (p *Program) Inputs() []*graph.Value { return p.in }

// Outputs returns the outputs of a run.
func (p *Program) Outputs() []*graph.Value { return p.model.Graph.Out }

// Model returns the graph after all that has been done to it.
func (p *Program) Model() *graph.Model { return p.model }
