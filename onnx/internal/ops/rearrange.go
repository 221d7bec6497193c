package ops

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that repeat and rearrange elements, and that pick single ones by indices.

func init() {
	register("Tile", tileOld, 1)
	register("Tile", tile, 6, 13)
	register("DepthToSpace", depthToSpace, 1, 11, 13)
	register("SpaceToDepth", spaceToDepth, 1, 13)
	register("ReverseSequence", reverseSequence, 10)
	register("GatherElements", gatherElements, 11, 13)
	register("GatherND", gatherND, 11, 12, 13)
}

func tileOld(c *Call) {
	x := c.Input(0)
	times, axis := c.Integers(1), c.Integers(2)
	if len(times) != 1 || len(axis) != 1 {
		c.Fail("inputs %v and %v", c.In[1], c.In[2])
	}
	repeats := make([]int, x.Rank())
	for i := range repeats {
		repeats[i] = 1
	}
	repeats[c.Axis(axis[0], x.Rank())] = times[0]
	tiled(c, repeats)
}

func tile(c *Call) { tiled(c, c.Integers(1)) }

func tiled(c *Call, repeats []int) {
	x := c.Input(0)
	if len(repeats) != x.Rank() {
		c.Fail("repeats %v for %v", repeats, x)
	}
	shape, axes := make([]int, x.Rank()), 0
	var full, strides []int // with an axis for the repeats before each axis
	from := rowMajor(x.Shape)
	for i, d := range x.Shape {
		if _, ok := tensor.CheckedCount([]int{d, repeats[i]}, x.Type.Bits()); !ok {
			c.Fail("repeats %v for %v", repeats, x)
		}
		shape[i] = d * repeats[i]
		full, strides = append(full, repeats[i], d), append(strides, 0, from[i])
		if repeats[i] != 1 {
			axes++
		}
		if d != 1 {
			axes++
		}
	}
	c.Declare(0, x.Type, shape...)
	if axes > MaxRank {
		c.Unsupported("repeats %v for %v", repeats, x)
	}
	c.Kernel = mover(c, x.Type, newWalk(full, rowMajor(full), strides), 0)
}

// blocks returns the parts of a tensor of images, and the size of blocks.
func blocks(c *Call) (x *Operand, size int) {
	x = c.Input(0)
	if size = c.Int("blocksize", 0); x.Rank() != 4 || size <= 0 || size > 1<<15 {
		c.Fail("blocks of %d in %v", size, x)
	}
	return x, size
}

func depthToSpace(c *Call) {
	x, b := blocks(c)
	n, depth, h, w := x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
	if depth%(b*b) != 0 {
		c.Fail("blocks of %d in %v", b, x)
	}
	depth /= b * b
	pixels := h * w
	// The output is n × depth × h × b × w × b.
	full := []int{n, depth, h, b, w, b}
	strides := []int{depth * b * b * pixels, pixels, w, b * depth * pixels, 1, depth * pixels}
	switch mode := c.String("mode", "DCR"); mode {
	case "DCR":
	case "CRD":
		strides[1], strides[3], strides[5] = b*b*pixels, b*pixels, pixels
	default:
		c.Unsupported("attribute \"mode\" %q", mode)
	}
	c.Declare(0, x.Type, n, depth, h*b, w*b)
	c.Kernel = mover(c, x.Type, newWalk(full, rowMajor(full), strides), 0)
}

func spaceToDepth(c *Call) {
	x, b := blocks(c)
	n, depth, h, w := x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
	if h%b != 0 || w%b != 0 {
		c.Fail("blocks of %d in %v", b, x)
	}
	// The output is n × b × b × depth × h/b × w/b.
	full := []int{n, b, b, depth, h / b, w / b}
	strides := []int{depth * h * w, w, 1, h * w, b * w, b}
	c.Declare(0, x.Type, n, b*b*depth, h/b, w/b)
	c.Kernel = mover(c, x.Type, newWalk(full, rowMajor(full), strides), 0)
}

// reverseSequence turns around the first elements along the time axis, as many as the lengths say.
func reverseSequence(c *Call) {
	x, lengths := c.Input(0), c.Input(1, tensor.Int64)
	if x.Rank() < 2 {
		c.Fail("input 0 is %v", x)
	}
	batch, time := c.Axis(c.Int("batch_axis", 1), x.Rank()), c.Axis(c.Int("time_axis", 0), x.Rank())
	if batch+time != 1 {
		c.Fail("batch axis %d and time axis %d", batch, time)
	}
	if !equal(lengths.Shape, []int{x.Shape[batch]}) {
		c.Fail("lengths %v for %v", lengths, x)
	}
	c.Declare(0, x.Type, x.Shape...)
	r := &reversal{steps: x.Shape[time], batch: x.Shape[batch], inner: tensor.Count(x.Shape[2:])}
	if time == 0 {
		r.step, r.sequence = r.batch, 1
	} else {
		r.step, r.sequence = 1, r.steps
	}
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error { return reversed(r, a.Out[0].Strings, a.In[0].Strings, a.In[1]) }
		return
	}
	size := x.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("elements of type %v", x.Type)
	}
	r.inner *= size
	c.Kernel = func(a *Args) error { return reversed(r, a.Out[0].Data, a.In[0].Data, a.In[1]) }
}

// A reversal has pieces of inner elements at distances, in pieces, of step and sequence.
type reversal struct{ steps, batch, inner, step, sequence int }

func reversed[T any](r *reversal, dst, src []T, lengths *tensor.Tensor) error {
	for b, n := range slice[int64](lengths) {
		if n < 0 || n > int64(r.steps) {
			return errIndex(int(n), r.steps)
		}
		for t := range r.steps {
			from := t
			if t < int(n) {
				from = int(n) - 1 - t
			}
			to := (t*r.step + b*r.sequence) * r.inner
			copy(dst[to:to+r.inner], src[(from*r.step+b*r.sequence)*r.inner:])
		}
	}
	return nil
}

// gatherElements gives for each index the element at its own place but for one axis.
func gatherElements(c *Call) {
	x, at := c.Input(0), c.Input(1, tensor.Int64, tensor.Int32)
	if x.Rank() == 0 || at.Rank() != x.Rank() {
		c.Fail("indices %v for %v", at, x)
	}
	axis := c.Axis(c.Int("axis", 0), x.Rank())
	for i, d := range at.Shape {
		if i != axis && d > x.Shape[i] {
			c.Fail("indices %v for %v", at, x)
		}
	}
	c.Declare(0, x.Type, at.Shape...)
	e := newElements(x.Shape, at.Shape, axis)
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error {
			return e.each(a.In[1], func(i, at int) { a.Out[0].Strings[i] = a.In[0].Strings[at] })
		}
		return
	}
	c.Kernel = forSize(c, x.Type, sized{gatherElementsKernel[uint8](e), gatherElementsKernel[uint16](e), gatherElementsKernel[uint32](e),
		gatherElementsKernel[uint64](e)})
}

func gatherElementsKernel[T tensor.Number](e *elements) Kernel {
	return func(a *Args) error {
		dst, src := slice[T](a.Out[0]), slice[T](a.In[0])
		return e.each(a.In[1], func(i, at int) { dst[i] = src[at] })
	}
}

// gatherND takes pieces at the indices in the last axis of input 1, for each entry of a batch its own.
func gatherND(c *Call) {
	x, at := c.Input(0), c.Input(1, tensor.Int64, tensor.Int32)
	if x.Rank() == 0 || at.Rank() == 0 {
		c.Fail("inputs %v and %v", x, at)
	}
	k, batch := at.Shape[at.Rank()-1], c.Int("batch_dims", 0)
	if batch < 0 || batch >= min(x.Rank(), at.Rank()) || k > x.Rank()-batch || !equal(x.Shape[:batch], at.Shape[:batch]) {
		c.Fail("indices %v for %v with a batch of %d axes", at, x, batch)
	}
	lead := at.Shape[:at.Rank()-1]
	c.Declare(0, x.Type, append(append([]int{}, lead...), x.Shape[batch+k:]...)...)
	g := &gatherPiece{scatterPieces{extents: x.Shape[batch : batch+k], pieces: tensor.Count(lead), inner: tensor.Count(x.Shape[batch+k:])},
		tensor.Count(lead[batch:]), tensor.Count(x.Shape[batch:])}
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error { return gatherNDPieces(g, a.Out[0].Strings, a.In[0].Strings, a.In[1], 1) }
		return
	}
	size := x.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("elements of type %v", x.Type)
	}
	c.Kernel = func(a *Args) error { return gatherNDPieces(g, a.Out[0].Data, a.In[0].Data, a.In[1], size) }
}

type gatherPiece struct {
	scatterPieces
	perBatch int // pieces of an entry of the batch
	stride   int // elements of one
}

func gatherNDPieces[T any](g *gatherPiece, dst, src []T, indices *tensor.Tensor, size int) error {
	return eachIndex(&g.scatterPieces, indices, func(i, at int) {
		if g.inner > 0 {
			at += i / g.inner / g.perBatch * g.stride
		}
		copy(dst[i*size:(i+g.inner)*size], src[at*size:])
	})
}
