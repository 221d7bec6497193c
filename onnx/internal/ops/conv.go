package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Convolutions of any number of axes, as products with the columns that the window covers.

func init() {
	register("Conv", conv, 1, 11, 22)
	register("ConvTranspose", convTranspose, 1, 11, 22)
}

// A convolution is what both kinds have in common. Images are channels × spatial axes.
type convolution struct {
	*window
	batch, groups       int
	inGroup, outGroup   int // channels of a group
	inPixels, outPixels int
	k                   int // elements of a window
	bias                bool
}

func newConvolution(c *Call, x, y *Operand) *convolution {
	if x.Rank() < 3 || y.Rank() != x.Rank() || x.Type != y.Type {
		c.Fail("inputs %v and %v", x, y)
	}
	size := y.Shape[2:]
	if v, ok := c.Ints("kernel_shape"); ok {
		for i := range v {
			if len(v) != len(size) || v[i] != size[i] {
				c.Fail("attribute \"kernel_shape\" is %v for weights %v", v, y)
			}
		}
	}
	v := &convolution{window: newWindow(c, x.Shape[2:], size), batch: x.Shape[0], groups: c.Int("group", 1)}
	if v.groups <= 0 || x.Shape[1]%v.groups != 0 || y.Shape[0]%v.groups != 0 {
		c.Fail("%d groups for %v and %v", v.groups, x, y)
	}
	v.inGroup, v.k = x.Shape[1]/v.groups, tensor.Count(size)
	return v
}

// output declares the output, and checks the bias.
func (v *convolution) output(c *Call) {
	x, channels := c.In[0], v.groups*v.outGroup
	v.inPixels, v.outPixels = tensor.Count(v.in), tensor.Count(v.out)
	c.Declare(0, x.Type, append([]int{v.batch, channels}, v.out...)...)
	if v.bias = c.Has(2); v.bias {
		if b := c.In[2]; b.Type != x.Type || b.Rank() != 1 || b.Shape[0] != channels {
			c.Fail("bias %v for %d channels", b, channels)
		}
	}
}

func conv(c *Call) {
	x, y := c.Input(0), c.Input(1)
	v := newConvolution(c, x, y)
	if v.outGroup = y.Shape[0] / v.groups; y.Shape[1] != v.inGroup {
		c.Fail("%d groups for %v and %v", v.groups, x, y)
	}
	v.fit(c, false)
	v.output(c)
	c.Work = x.Type.Bytes(v.inGroup * v.k * v.outPixels)
	c.Kernel = forNumbers(c, x.Type, kernels{f32: convKernel[float32](v), f64: convKernel[float64](v)})
}

func convKernel[T tensor.Number](v *convolution) Kernel {
	return func(a *Args) error {
		dst, x, y, columns := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1]), tensor.As[T](a.Work)
		k := v.inGroup * v.k
		for n := range v.batch * v.groups {
			g := n % v.groups
			columnsOf(v, columns, x[n*v.inGroup*v.inPixels:])
			product(dst[n*v.outGroup*v.outPixels:], v.outPixels, y[g*v.outGroup*k:], k, 1, columns, v.outPixels, 1, v.outGroup, k, v.outPixels)
		}
		if v.bias {
			addBias(dst, slice[T](a.In[2]), v.outPixels)
		}
		return nil
	}
}

// addBias adds to each channel, of so many pixels, an element of bias.
func addBias[T tensor.Number](dst, bias []T, pixels int) {
	for i := 0; len(dst) > 0; i++ {
		kernel.BinaryScalar(kernel.Add, dst[:pixels], dst[:pixels], bias[i%len(bias)])
		dst = dst[pixels:]
	}
}

// columnsOf sets columns to rows of pixels: for each channel and each element of the window the elements that it covers
// at each pixel of the output, 0 outside of the image.
func columnsOf[T tensor.Number](v *convolution, columns, image []T) {
	for ch := range v.inGroup {
		plane := image[ch*v.inPixels : (ch+1)*v.inPixels]
		var at [MaxRank]int
		for range v.k {
			gatherRow(v, columns[:v.outPixels], plane, &at)
			columns = columns[v.outPixels:]
			next(&at, v.size)
		}
	}
}

// gatherRow is columnsOf for one element of the window, at.
func gatherRow[T tensor.Number](v *convolution, row, plane []T, at *[MaxRank]int) {
	last := len(v.out) - 1
	width, stride := v.out[last], v.stride[last]
	first := at[last]*v.dilation[last] - v.before[last]
	from, to := 0, 0 // the pixels of a line that are inside
	if first < 0 {
		from = min((-first+stride-1)/stride, width)
	}
	if room := v.in[last] - first; room > 0 {
		to = max(from, min(width, (room-1)/stride+1))
	} else {
		from, to = 0, 0
	}
	var index [MaxRank]int
	for len(row) > 0 {
		line, off, inside := row[:width], 0, true
		for axis := range last {
			i := index[axis]*v.stride[axis] + at[axis]*v.dilation[axis] - v.before[axis]
			inside = inside && i >= 0 && i < v.in[axis]
			off = (off + i) * v.in[axis+1]
		}
		if !inside {
			clear(line)
		} else {
			clear(line[:from])
			clear(line[to:])
			if from < to {
				src := plane[off+first+from*stride:]
				if stride == 1 {
					copy(line[from:to], src)
				} else {
					kernel.CopyStrided(line[from:to], 1, src, stride, to-from)
				}
			}
		}
		row = row[width:]
		next(&index, v.out[:last])
	}
}

// transposed reads a ConvTranspose and declares its output.
func transposed(c *Call) *convolution {
	x, y := c.Input(0), c.Input(1)
	v := newConvolution(c, x, y)
	if v.outGroup = y.Shape[1]; y.Shape[0] != x.Shape[1] {
		c.Fail("inputs %v and %v", x, y)
	}
	mode, given := v.pads(c)
	rank := len(v.in)
	extra, ok := c.Ints("output_padding")
	if !ok {
		extra = make([]int, rank)
	}
	shape, fixed := c.Ints("output_shape")
	if len(extra) != rank || fixed && len(shape) < rank {
		c.Fail("output_padding %v, output_shape %v for %v", extra, shape, x)
	}
	for i, d := range v.in {
		full := v.stride[i]*(d-1) + extra[i] + v.span(i)
		switch {
		case fixed:
			v.out[i] = shape[len(shape)-rank+i]
		case given:
			v.out[i] = full - v.before[i] - v.after[i]
		default:
			v.out[i] = d * v.stride[i]
		}
		if fixed || !given {
			total := max(full-v.out[i], 0)
			if v.before[i] = total - total/2; mode == "SAME_UPPER" {
				v.before[i] = total / 2
			}
			v.after[i] = total - v.before[i]
		}
		if v.out[i] < 0 {
			c.Fail("output of extent %d", v.out[i])
		}
	}
	v.output(c)
	return v
}

func convTranspose(c *Call) {
	v := transposed(c)
	x := c.In[0]
	// The transposed convolution takes the way of a convolution from its output to its input.
	back := *v
	back.window = &window{in: v.out, out: v.in, size: v.size, stride: v.stride, dilation: v.dilation, before: v.before, after: v.after}
	back.inPixels, back.outPixels, back.inGroup, back.outGroup = v.outPixels, v.inPixels, v.outGroup, v.inGroup
	c.Work = x.Type.Bytes(v.outGroup * v.k * v.inPixels)
	c.Kernel = forNumbers(c, x.Type, kernels{f32: convTransposeKernel[float32](&back), f64: convTransposeKernel[float64](&back)})
}

// convTransposeKernel gets v as the convolution that goes back.
func convTransposeKernel[T tensor.Number](v *convolution) Kernel {
	return func(a *Args) error {
		dst, x, y, columns := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1]), tensor.As[T](a.Work)
		clear(dst)
		k := v.inGroup * v.k
		for n := range v.batch * v.groups {
			g := n % v.groups
			product(columns, v.outPixels, y[g*v.outGroup*k:], 1, k, x[n*v.outGroup*v.outPixels:], v.outPixels, 1, k, v.outGroup, v.outPixels)
			addColumns(v, dst[n*v.inGroup*v.inPixels:], columns)
		}
		if v.bias {
			addBias(dst, slice[T](a.In[2]), v.inPixels)
		}
		return nil
	}
}

// addColumns adds columns, laid out as in columnsOf, to the image.
func addColumns[T tensor.Number](v *convolution, image, columns []T) {
	last := len(v.out) - 1
	for ch := range v.inGroup {
		plane := image[ch*v.inPixels : (ch+1)*v.inPixels]
		var at [MaxRank]int
		for range v.k {
			var index [MaxRank]int
			for p := 0; p < v.outPixels; {
				off, inside := 0, true
				for axis := range last {
					i := index[axis]*v.stride[axis] + at[axis]*v.dilation[axis] - v.before[axis]
					inside = inside && i >= 0 && i < v.in[axis]
					off = (off + i) * v.in[axis+1]
				}
				first := at[last]*v.dilation[last] - v.before[last]
				for j := range v.out[last] {
					if i := first + j*v.stride[last]; inside && i >= 0 && i < v.in[last] {
						plane[off+i] += columns[p+j]
					}
				}
				p += v.out[last]
				next(&index, v.out[:last])
			}
			columns = columns[v.outPixels:]
			next(&at, v.size)
		}
	}
}
