package onnx

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// An UnsupportedError lists all nodes of a model that cannot be computed.
type UnsupportedError = engine.UnsupportedError

// ErrInvalid is matched by the error of a model whose nodes make no sense, or make none for the inputs of a
// run. The error names the node.
var ErrInvalid = engine.ErrInvalid

// An Option changes how [Model.Compile] works.
type Option func(*engine.Options)

// Bind says that the input of t's name, see [Tensor.Named], is always t. Runs do not take it, and what
// follows from it is computed once. The elements are copied when the model is compiled, which panics with a
// *[scope.StaleError] if the scope of t has ended.
func Bind(t Tensor) Option {
	return func(o *engine.Options) {
		if !t.stamp.Live() {
			panic(stale("Bind of ", &t))
		}
		x := &tensor.Tensor{}
		t.lend(x)
		c := tensor.New(x.Type, append([]int{}, x.Shape...)...)
		copy(c.Data, x.Data)
		copy(c.Strings, x.Strings)
		if o.Bind == nil {
			o.Bind = map[string]*tensor.Tensor{}
		}
		o.Bind[t.name] = c
	}
}

// MaxPlans sets how many plans a program keeps: one for each combination of shapes of the inputs, the latest
// ones. The default is 16.
func MaxPlans(n int) Option { return func(o *engine.Options) { o.MaxPlans = n } }

// Constants sets how many bytes Compile computes on the Go heap, beyond eight times those of the model: constants, and
// memory to compute them. What is more is computed in each run, with memory from its context. The default is 1 GiB, for
// networks whose files say how to make their weights. Set less for files of strangers: a few bytes can ask for all of it.
func Constants(bytes int) Option {
	return func(o *engine.Options) {
		if o.Constants = bytes; bytes <= 0 {
			o.Constants = -1
		}
	}
}

// A Program is a model that is ready to run. It does not change, and any number of goroutines may run it at the
// same time.
type Program struct {
	engine  *engine.Program
	in, out []Port
	pool    sync.Pool // of *call
}

// Compile makes a program: it checks all nodes, computes what is constant, and joins what can be computed
// together. If nodes are not supported, the error is an *[UnsupportedError] with all of them.
func (m *Model) Compile(options ...Option) (*Program, error) {
	var o engine.Options
	for _, option := range options {
		option(&o)
	}
	p, err := engine.Compile(m.file, o)
	if err != nil {
		return nil, err
	}
	return &Program{engine: p, in: ports(p.Inputs()), out: m.Outputs()}, nil
}

// Inputs returns what a run takes: what the model does, without what is bound.
func (p *Program) Inputs() []Port { return append([]Port(nil), p.in...) }

// Outputs returns what a run gives.
func (p *Program) Outputs() []Port { return append([]Port(nil), p.out...) }

// few is how many outputs there are place for in Outputs itself.
const few = 4

// Outputs are what a run has made.
type Outputs struct {
	n    int
	here [few]Tensor
	more []Tensor
}

// Len returns the number of outputs.
func (o *Outputs) Len() int { return o.n }

// At returns output i, in the order of the model. It panics if there is none.
func (o *Outputs) At(i int) Tensor {
	if uint(i) >= uint(o.n) {
		panic(fmt.Sprintf("onnx: output %d of %d", i, o.n))
	}
	if i < few {
		return o.here[i]
	}
	return o.more[i-few]
}

// Get returns the output of that name. It panics if there is none.
func (o *Outputs) Get(name string) Tensor {
	for _, t := range o.All() {
		if t.name == name {
			return t
		}
	}
	panic(fmt.Sprintf("onnx: no output %q", name))
}

// All returns the outputs with their numbers.
func (o *Outputs) All() iter.Seq2[int, Tensor] {
	return func(yield func(int, Tensor) bool) {
		for i := range o.n {
			if !yield(i, o.At(i)) {
				return
			}
		}
	}
}

// A call holds what a run needs on its way to the engine.
type call struct {
	tensors []tensor.Tensor
	in      []*tensor.Tensor
	lent    []Tensor
}

// Run computes the outputs for inputs. Those with a name ([Tensor.Named]) are the inputs of that name, the
// others the remaining ones in the order of the model.
//
// All memory comes from the allocator of ctx: that of the outputs in the scope of ctx, that of everything in
// between in a scope of its own, which ends with Run. Once Run has seen the shapes of its inputs, it allocates
// nothing on the Go heap, unless there are more than 4 outputs, or strings, or shapes that depend
// on data. Strings, and what stands for the tensors of a sequence, are on the Go heap, and as much is taken from ctx, so
// that its limit holds for them, too. Exhausted memory is an error that matches [scope.ErrExhausted]. An output that
// is a sequence cannot be returned; that is an *[UnsupportedError].
//
// Inputs are only read. If ctx is cancelled, Run returns its error before the next node, or the next turn of a loop.
func (p *Program) Run(ctx context.Context, inputs ...Tensor) (out Outputs, err error) {
	if len(inputs) != len(p.in) {
		return out, fmt.Errorf("onnx: %d inputs, want %d: %v", len(inputs), len(p.in), p.in)
	}
	c, _ := p.pool.Get().(*call)
	if c == nil {
		c = &call{tensors: make([]tensor.Tensor, len(p.in)), in: make([]*tensor.Tensor, len(p.in)), lent: make([]Tensor, len(p.in))}
		for i := range c.in {
			c.in[i] = &c.tensors[i]
		}
	}
	defer p.release(c)
	if err := p.match(c, inputs); err != nil {
		return out, err
	}
	f, err := p.engine.Run(ctx, c.in)
	if err != nil {
		return out, err
	}
	defer f.Release()
	list := f.Outputs()
	out.n = len(list)
	if out.n > few {
		out.more = make([]Tensor, out.n-few)
	}
	for i := range list {
		t, err := output(p.out[i].Name, &list[i])
		if err != nil {
			return Outputs{}, err
		}
		if i < few {
			out.here[i] = t
		} else {
			out.more[i-few] = t
		}
	}
	return out, nil
}

// match puts inputs where they belong.
func (p *Program) match(c *call, inputs []Tensor) error {
	for i := range inputs {
		if t := &inputs[i]; t.name != "" {
			at := -1
			for j := range p.in {
				if p.in[j].Name == t.name {
					at = j
				}
			}
			if at < 0 || c.lent[at].typ != 0 {
				return fmt.Errorf("onnx: input %q, want each of %v once", t.name, p.in)
			}
			c.lent[at] = *t
		}
	}
	next := 0
	for i := range inputs {
		if inputs[i].name != "" {
			continue
		}
		for c.lent[next].typ != 0 {
			next++
		}
		c.lent[next] = inputs[i]
		if inputs[i].typ == 0 {
			return fmt.Errorf("onnx: input %q is the zero Tensor", p.in[next].Name)
		}
	}
	for i := range c.lent {
		if t := &c.lent[i]; !t.stamp.Live() {
			panic(stale("Run with ", t))
		}
		c.lent[i].lend(c.in[i])
	}
	return nil
}

func (p *Program) release(c *call) {
	clear(c.lent)
	clear(c.tensors)
	p.pool.Put(c)
}
