package nn

import (
	"context"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/spare"
)

// QuantizedConv2D is a [Conv2D] whose products are of bytes, as those of [QuantizedDense] are: signed
// weights with a scale for each output channel, an unsigned image with a scale and a zero point, which is
// also what the padding is made of. The sums are exact. Create one with [QuantizeConv2D].
type QuantizedConv2D struct {
	name    string
	window  Window // with its defaults
	in      int
	groups  []*gemm.Bytes // height·width·(in/groups, padded to whole units) rows each
	scales  []float32     // of the output channels
	bias    []float32
	weights int                  // without padding
	static  *kernel.Quantization // nil: one for each image
}

var _ Shaper = (*QuantizedConv2D)(nil)

// QuantizeConv2D returns c with its present weights as bytes between -127 and 127, each output channel
// with the scale that its largest weight needs. It is dynamic: Forward finds the scale and the zero point
// of each image, from the least and the largest number in it and 0; an image so gives the same bits in every batch.
// A channel's bytes are padded to two or four, so that a convolution of less than four channels, or in groups of
// less, gains nothing. A weight that is NaN or infinite, or more than 65 793 of them for an output, padding
// included, panics.
func QuantizeConv2D(c *Conv2D) *QuantizedConv2D {
	return quantizeConv2D(c, c.channelsLast(), biasOr0(c.bias, c.Out()))
}

// quantizeConv2D is QuantizeConv2D with other weights, of out×height×width×in, and bias.
func quantizeConv2D(c *Conv2D, w, bias []float32) *QuantizedConv2D {
	k := len(w) / c.Out()
	bytes, scales := quantizedWeights("QuantizeConv2D", c.name, w, k, c.Out())
	q := &QuantizedConv2D{name: c.name, window: c.window, in: c.In(), scales: scales, bias: bias, weights: len(w)}
	in, out, per := c.In()/c.groups, c.Out()/c.groups, gemm.BytesPerUnit()
	room := pieces.Ceil(in, per) * per
	rows := k / in * room
	padded := make([]int8, rows*out)
	for g := range c.groups {
		for i, v := range bytes[g*out*k : (g+1)*out*k] {
			padded[i/in*room+i%in] = v
		}
		q.groups = append(q.groups, gemm.PackBytes(padded, rows, out, 1, rows))
	}
	return q
}

// Static returns the layer with one scale and zero point for every image, which were found with
// examples: scale·(byte - zero) should cover what the input will be. It panics if scale is not positive and
// finite.
func (q *QuantizedConv2D) Static(scale float32, zero uint8) *QuantizedConv2D {
	s := *q
	s.static = staticFor(q, scale, zero)
	return &s
}

// In returns the number of input channels.
func (q *QuantizedConv2D) In() int { return q.in }

// Out returns the number of output channels.
func (q *QuantizedConv2D) Out() int { return len(q.bias) }

// Groups returns the number of groups of channels.
func (q *QuantizedConv2D) Groups() int { return len(q.groups) }

// Window returns the window, with its defaults filled in.
func (q *QuantizedConv2D) Window() Window { return q.window }

// String describes the layer.
func (q *QuantizedConv2D) String() string {
	w := q.window
	if w.Stride == [2]int{1, 1} {
		w.Stride = [2]int{}
	}
	text := fmt.Sprintf("QuantizedConv2D %q %d→%d of %v", q.name, q.In(), q.Out(), w)
	if q.Groups() > 1 {
		text += fmt.Sprintf(" in %d groups", q.Groups())
	}
	return text
}

// Forward returns the convolution of x, which is batch×height×width×In. It takes memory for the bytes of
// some lines, and for their sums, for each of the caller's helpers, and for a copy of x if that is not contiguous. What
// an image with NaN or infinities gives is arbitrary.
func (q *QuantizedConv2D) Forward(ctx context.Context, x Tensor) Tensor {
	return q.forward(ctx, x, false)
}

func (q *QuantizedConv2D) forward(ctx context.Context, x Tensor, relu bool) Tensor {
	height, width := q.window.fit(x)
	if height == 0 || x.Dim(3) != q.in {
		panic(misfit(q, x))
	}
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	y := x.Similar(ctx, x.Dim(0), height, width, q.Out())
	if y.Len() > 0 {
		c := byteConv{layer: q, x: x.Data(), y: y.Data(), in: plane{x.Dim(1), x.Dim(2), q.in}, out: plane{height, width, q.Out()}, relu: relu}
		c.run(ctx, x.Dim(0))
	}
	requireLive(&x, &y)
	if copied {
		release(ctx, x)
	}
	return y
}

// OutputShape returns the shape of the result for an image of height×width×In.
func (q *QuantizedConv2D) OutputShape(sample []int) ([]int, error) {
	if len(sample) == 3 && sample[2] != q.in {
		return nil, fmt.Errorf("takes samples of height×width×%d, not %s", q.in, shapeText(sample))
	}
	return q.window.outputShape(sample, fmt.Sprint(q.in), q.Out())
}

// A byteConv is one use of a QuantizedConv2D. Its pieces are bands of lines of the output, of one image each.
type byteConv struct {
	layer   *QuantizedConv2D
	x, y    []float32
	in, out plane
	relu    bool

	lines, bands  int       // of the output: lines in a band, bands in an image
	under         plane     // the units that a band depends on
	scales, zeros []float32 // of the images
	segs          []int32   // where the segments of a patch begin
	room          []int32   // for each worker: units, a line of bytes, and sums
	each          int       // of the room
}

var byteConvs spare.List[byteConv]

// byteSums is how many sums a band has: they stay in the second-level cache.
const byteSums = 32 << 10

func (c *byteConv) run(ctx context.Context, batch int) {
	q := c.layer
	h, workers := helpersFor(ctx, float64(len(c.y))*float64(q.weights/q.Out()))
	c.lines = min(c.out.height, max(1, byteSums/c.out.line()))
	if workers > 1 && batch < workers {
		c.lines = min(c.lines, pieces.Ceil(c.out.height, workers))
	}
	c.bands = pieces.Ceil(c.out.height, c.lines)
	w, per := q.window, gemm.BytesPerUnit()
	units := q.Groups() * pieces.Ceil(q.in/q.Groups(), per)
	c.under = plane{(c.lines-1)*w.Stride[0] + (w.Size[0]-1)*w.Dilation[0] + 1, c.in.width + 2*w.Padding[1], units}
	if n := c.under.len(); n > math.MaxInt32 {
		panic(fmt.Sprintf("nn: %v: lines of %d units, padding included, want at most %d", q, n, math.MaxInt32))
	}
	c.each = c.under.len() + pieces.Ceil(c.in.line(), per) + c.lines*c.out.width*apart(q.Out()/q.Groups())
	columns := c.columns()
	room, segs, maps := integers(ctx, workers*c.each), integers(ctx, w.Size[0]*columns), Tensor{}.Similar(ctx, 2*batch)
	c.room, c.segs = room.Data(), segs.Data()
	for i := range c.segs {
		c.segs[i] = int32(i/columns*w.Dilation[0]*c.under.line() + i%columns*w.Dilation[1]*c.under.channels)
	}
	c.scales, c.zeros = maps.Data()[:batch], maps.Data()[batch:]
	for n := range batch {
		by := quantizationOf(q.static, c.x[n*c.in.len():][:c.in.len()])
		c.scales[n], c.zeros[n] = by.Scale, float32(by.Zero)
	}
	if workers == 1 {
		for i := range batch * c.bands {
			c.RunPiece(0, i)
		}
	} else {
		t := byteConvs.Take()
		*t = *c
		h.RunPieces(batch*c.bands, t)
		byteConvs.Put(t)
	}
	release(ctx, room)
	release(ctx, segs)
	release(ctx, maps)
}

// columns returns how many segments a line of a patch has: of one group and without dilation its pixels are one.
func (c *byteConv) columns() int {
	if w := c.layer.window; c.layer.Groups() > 1 || w.Dilation[1] > 1 {
		return w.Size[1]
	}
	return 1
}

// RunPiece computes band i%bands of image i/bands.
func (c *byteConv) RunPiece(worker, i int) {
	q, n := c.layer, i/c.bands
	from := i % c.bands * c.lines
	lines := min(c.lines, c.out.height-from)
	room := c.room[worker*c.each:][:c.each]
	units, room := room[:c.under.len()], room[c.under.len():]
	line, sums := room[:pieces.Ceil(c.in.line(), gemm.BytesPerUnit())], room[pieces.Ceil(c.in.line(), gemm.BytesPerUnit()):]
	by := kernel.Quantization{Scale: c.scales[n], Zero: uint8(c.zeros[n])}
	c.quantize(units, line, c.x[n*c.in.len():][:c.in.len()], from*q.window.Stride[0]-q.window.Padding[0], by)
	g := gemm.Grid{Images: 1, Height: lines, Width: c.out.width, Line: q.window.Stride[0] * c.under.line(), Pixel: q.window.Stride[1] * c.under.channels}
	y := c.y[(n*c.out.height+from)*c.out.line():][:lines*c.out.line()]
	out := q.Out() / q.Groups()
	for group, weights := range q.groups {
		first := group * out
		weights.MulGrid(sums, apart(out), units[group*c.under.channels/q.Groups():], g, c.segs)
		for p := range lines * c.out.width {
			kernel.Dequantize(y[p*q.Out()+first:][:out], sums[p*apart(out):], weights.Sums(), q.scales[first:], q.bias[first:], by, c.relu)
		}
	}
}

// quantize stores the bytes of an image's lines from top on, as many as a band needs, each group of a pixel
// in units of its own, and the zero point where there is no image. It needs a line for bytes without gaps.
func (c *byteConv) quantize(units, line []int32, image []float32, top int, by kernel.Quantization) {
	per, width := gemm.BytesPerUnit(), c.under.line()
	zero := int32(by.Zero) * 0x01010101
	if per == 2 {
		zero = int32(by.Zero) * 0x00010001
	}
	group := c.layer.in / c.layer.Groups()
	margin := c.layer.window.Padding[1] * c.under.channels
	for r := range c.under.height {
		to, from := units[r*width:][:width], top+r
		if from < 0 || from >= c.in.height {
			fill(to, zero)
			continue
		}
		fill(to[:margin], zero)
		fill(to[width-margin:], zero)
		to = to[margin : width-margin]
		src := image[from*c.in.line():][:c.in.line()]
		if group%per == 0 {
			kernel.Quantize(to, src, per, by)
			continue
		}
		kernel.Quantize(line, src, per, by)
		spread(to, line, group, per)
	}
}

func fill(units []int32, v int32) {
	for i := range units {
		units[i] = v
	}
}

// spread moves groups of so many bytes, which follow each other without gaps, to the beginnings of units. What is behind
// them is 0.
func spread(units, line []int32, group, per int) {
	bits := 32 / per
	mask, at := uint32(1)<<bits-1, 0
	for len(units) > 0 {
		u := uint32(0)
		for i := range group {
			if i > 0 && i%per == 0 {
				units[0], units, u = int32(u), units[1:], 0
			}
			u |= uint32(line[at/per]) >> (at % per * bits) & mask << (i % per * bits)
			at++
		}
		units[0], units = int32(u), units[1:]
	}
}
