package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

func init() {
	register("RotaryEmbedding", rotary, 23)
}

// A rotation turns pairs of elements of each head by angles that depend on the position.
type rotation struct {
	batch, heads, seq, size int
	turned                  int // elements of a head that take part
	xBatch, xHead, xSeq     int
	interleaved, positions  bool
	rows                    int // of the caches, each of turned/2
}

func rotary(c *Call) {
	x, cos, sin := c.Input(0), c.Input(1), c.Input(2)
	unary(c)
	r := &rotation{interleaved: c.Int("interleaved", 0) != 0, positions: c.Has(3)}
	switch heads := c.Int("num_heads", 0); {
	case x.Rank() == 4:
		r.batch, r.heads, r.seq, r.size = x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
		r.xBatch, r.xHead, r.xSeq = r.heads*r.seq*r.size, r.seq*r.size, r.size
	case x.Rank() == 3 && heads > 0 && x.Shape[2]%heads == 0:
		r.batch, r.seq, r.heads, r.size = x.Shape[0], x.Shape[1], heads, x.Shape[2]/heads
		r.xBatch, r.xHead, r.xSeq = r.seq*x.Shape[2], r.size, x.Shape[2]
	default:
		c.Fail("input 0 is %v with %d heads", x, heads)
	}
	if r.turned = c.Int("rotary_embedding_dim", 0); r.turned == 0 {
		r.turned = r.size
	}
	if r.turned < 0 || r.turned > r.size || r.turned%2 != 0 {
		c.Fail("%d elements of heads of %d", r.turned, r.size)
	}
	if cos.Type != x.Type || sin.Type != x.Type || !equal(cos.Shape, sin.Shape) || cos.Rank() == 0 || cos.Shape[cos.Rank()-1] != r.turned/2 {
		c.Fail("caches %v and %v for %v", cos, sin, x)
	}
	r.rows = tensor.Count(cos.Shape[:cos.Rank()-1])
	if r.positions {
		if p := c.Input(3, tensor.Int64); cos.Rank() != 2 || !equal(p.Shape, []int{r.batch, r.seq}) {
			c.Fail("positions %v for %v", p, x)
		}
	} else if !equal(cos.Shape, []int{r.batch, r.seq, r.turned / 2}) {
		c.Fail("cache %v for %v", cos, x)
	}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: rotaryKernel[float32](r), f64: rotaryKernel[float64](r)})
}

func rotaryKernel[T kernel.Float](r *rotation) Kernel {
	return func(a *Args) error {
		dst, x, cos, sin := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.In[2])
		half := r.turned / 2
		for b := range r.batch {
			for s := range r.seq {
				at := b*r.seq + s
				if r.positions {
					if at = int(slice[int64](a.In[3])[at]); at < 0 || at >= r.rows {
						return errIndex(at, r.rows)
					}
				}
				cs, sn := cos[at*half:(at+1)*half], sin[at*half:(at+1)*half]
				for h := range r.heads {
					first := b*r.xBatch + h*r.xHead + s*r.xSeq
					d, v := dst[first:first+r.size], x[first:first+r.size]
					for i := range half {
						j, k := i, i+half
						if r.interleaved {
							j, k = 2*i, 2*i+1
						}
						re, im := v[j], v[k]
						d[j], d[k] = re*cs[i]-im*sn[i], re*sn[i]+im*cs[i]
					}
					copy(d[r.turned:], v[r.turned:])
				}
			}
		}
		return nil
	}
}
