package ops

import (
	"fmt"
	"sync"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Numbers of 16 bits: an operator that does not know them is computed with float, and its outputs are rounded.

// half returns the 16-bit type of the inputs, if one has it.
func (c *Call) half() tensor.Type {
	for _, x := range c.In {
		if x != nil && isHalf(x.Type) {
			return x.Type
		}
	}
	return tensor.Undefined
}

func isHalf(t tensor.Type) bool { return t == tensor.Float16 || t == tensor.BFloat16 }

// widenAll sets dst to the numbers of x.
func widenAll(dst []float32, x *tensor.Tensor) {
	if x.Type == tensor.BFloat16 {
		for i, v := range slice[uint16](x) {
			dst[i] = FromBFloat16(v)
		}
		return
	}
	for i, v := range slice[uint16](x) {
		dst[i] = FromFloat16(v)
	}
}

func narrowAll(x *tensor.Tensor, src []float32) {
	dst := slice[uint16](x)
	if x.Type == tensor.BFloat16 {
		for i, v := range src {
			dst[i] = ToBFloat16(float64(v))
		}
		return
	}
	for i, v := range src {
		dst[i] = ToFloat16(float64(v))
	}
}

// A widened call has where the inputs and outputs are as float: the offsets in the working memory, -1 for those that
// are passed on.
type widenedCall struct {
	inner   *Call
	in, out []int
	fixed   []*tensor.Tensor // inputs that are constants, as float
	work    int              // where the inner working memory begins
	pool    sync.Pool        // of *widenedArgs
}

// widened makes the call with float in the place of 16-bit numbers.
func (c *Call) widened(fn func(*Call)) error {
	half := c.half()
	w := &widenedCall{inner: &Call{Node: c.Node, In: make([]*Operand, len(c.In))}, in: make([]int, len(c.In)), fixed: make([]*tensor.Tensor, len(c.In))}
	for i, x := range c.In {
		if w.in[i] = -1; x == nil || !isHalf(x.Type) {
			w.inner.In[i] = x
			continue
		}
		t := &tensor.Tensor{Type: tensor.Float, Shape: x.Shape}
		convert := func() any {
			v := tensor.New(tensor.Float, x.Shape...)
			widenAll(slice[float32](v), x.Tensor)
			return v
		}
		switch {
		case x.Known && x.Fixed:
			t = c.Once(fmt.Sprint("float ", i), convert).(*tensor.Tensor)
			w.fixed[i] = t
		case x.Known:
			t = convert().(*tensor.Tensor)
		}
		w.inner.In[i] = &Operand{t, x.Known, x.Fixed}
		if w.fixed[i] == nil {
			w.in[i] = w.work
			w.work += (4*t.Len() + 63) &^ 63
		}
	}
	if err := w.inner.do(fn); err != nil {
		return err
	}
	c.Results, c.Pairs = make([]Result, len(c.Out)), nil
	for i, r := range w.inner.Results {
		w.out = append(w.out, -1)
		t := r.Type
		if t == tensor.Float && (c.Op != "LayerNormalization" || i == 0) {
			t = half
		}
		c.Results[i] = Result{Type: t, Shape: r.Shape, Of: -1}
		if t == half && r.Of < 0 {
			w.out[i] = w.work
			w.work += (4*tensor.Count(r.Shape) + 63) &^ 63
		} else if r.Of >= 0 && t != half {
			return unsupported("views of 16-bit numbers")
		}
	}
	c.Work = w.work + w.inner.Work
	c.Kernel = w.kernel
	return nil
}

// A widenedArgs is the arguments of the inner kernel with the tensors that they refer to.
type widenedArgs struct {
	Args
	in, out []tensor.Tensor
}

func (w *widenedCall) newArgs() *widenedArgs {
	return &widenedArgs{Args: Args{In: make([]*tensor.Tensor, len(w.in)), Out: make([]*tensor.Tensor, len(w.out))},
		in: make([]tensor.Tensor, len(w.in)), out: make([]tensor.Tensor, len(w.out))}
}

func (w *widenedCall) kernel(a *Args) error {
	p, _ := w.pool.Get().(*widenedArgs)
	if p == nil {
		p = w.newArgs()
	}
	floats := func(t, like *tensor.Tensor, data []byte) {
		n := 4 * like.Len()
		*t = tensor.Tensor{Type: tensor.Float, Shape: like.Shape, Data: data[:n:n]}
	}
	for i, x := range a.In {
		t := &p.in[i]
		if p.In[i] = t; x == nil {
			p.In[i] = nil
			continue
		}
		switch {
		case w.fixed[i] != nil:
			*t = *w.fixed[i]
		case w.in[i] < 0:
			*t = *x
		default:
			floats(t, x, a.Work[w.in[i]:])
			widenAll(slice[float32](t), x)
		}
	}
	for i, x := range a.Out {
		t, r := &p.out[i], &w.inner.Results[i]
		if p.Out[i] = t; x == nil {
			p.Out[i] = nil
			continue
		}
		switch {
		case r.Of >= 0:
			floats(t, x, p.in[r.Of].Data[r.Offset:])
		case w.out[i] < 0:
			*t = *x
		default:
			floats(t, x, a.Work[w.out[i]:])
		}
	}
	p.Work = a.Work[w.work:]
	var err error
	if w.inner.Kernel != nil {
		err = w.inner.Kernel(&p.Args)
	}
	for i, x := range a.Out {
		if x != nil && isHalf(x.Type) && p.out[i].Type == tensor.Float {
			narrowAll(x, slice[float32](&p.out[i]))
		}
	}
	p.Work = nil
	clear(p.in)
	clear(p.out)
	w.pool.Put(p)
	return err
}
