package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Normalisations.

func init() {
	register("BatchNormalization", batchNorm, 1, 6, 7, 9, 14, 15)
	register("LRN", lrn, 1, 13)
	registerIn(hidden, "LRN", lrnRows, 1)
	register("Dropout", dropout, 1, 6, 7, 10, 12, 13, 22)
}

// dropout does nothing, unless it is to train.
func dropout(c *Call) {
	x := c.Input(0)
	train := c.HasAttr("is_test") && c.Int("is_test", 0) == 0
	if c.Has(2) {
		if v := c.Integers(2); len(v) == 1 && v[0] != 0 {
			train = !c.Has(1) || !c.In[1].Known || c.In[1].Len() != 1 || !isZero(c.In[1].Data)
		}
	}
	if train {
		c.Unsupported("training")
	}
	c.Declare(0, x.Type, x.Shape...)
	c.View(0, 0, 0)
	if c.Wants(1) {
		mask := tensor.Bool
		if c.Opset < 10 {
			mask = x.Type
		}
		c.Declare(1, mask, x.Shape...)
		one := []byte{1}
		switch mask {
		case tensor.Bool:
		case tensor.Float:
			one = tensor.AsBytes([]float32{1})
		case tensor.Double:
			one = tensor.AsBytes([]float64{1})
		default:
			c.Unsupported("a mask of type %v", mask)
		}
		c.Kernel = func(a *Args) error {
			repeat(a.Out[1].Data, one)
			return nil
		}
	}
}

func isZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// lrn divides each element by a power of the sum of the squares around it, over channels.
func lrn(c *Call) {
	x := c.Input(0, tensor.Float)
	if x.Rank() < 2 {
		c.Fail("input 0 is %v", x)
	}
	c.Declare(0, x.Type, x.Shape...)
	size, alpha, beta, bias := c.Int("size", 1), float64(c.Float("alpha", 1e-4)), float64(c.Float("beta", 0.75)), float64(c.Float("bias", 1))
	if size <= 0 {
		c.Fail("attribute \"size\" is %d", size)
	}
	channels, pixels := x.Shape[1], tensor.Count(x.Shape[2:])
	c.Work = 4 * pixels
	c.Kernel = func(a *Args) error {
		dst, x, sums := slice[float32](a.Out[0]), slice[float32](a.In[0]), tensor.As[float32](a.Work)
		for ; len(x) > 0; x, dst = x[channels*pixels:], dst[channels*pixels:] {
			for ch := range channels {
				clear(sums)
				for k := max(0, ch-(size-1)/2); k <= min(channels-1, ch+size/2); k++ {
					for i, v := range x[k*pixels : (k+1)*pixels] {
						sums[i] += v * v
					}
				}
				for i, v := range sums {
					dst[ch*pixels+i] = float32(float64(x[ch*pixels+i]) / math.Pow(bias+alpha/float64(size)*float64(v), beta))
				}
			}
		}
		return nil
	}
}

// lrnLast is lrn for channels that are last, as [Permute] returns it.
func lrnLast(c *Call) (count int, back bool) {
	c.Node = &graph.Node{Name: c.Name, Op: "LRN", Domain: hidden, Opset: c.Opset, In: c.Node.In, Out: c.Node.Out, Attrs: c.Attrs}
	x := *c.In[0]
	x.Tensor = &tensor.Tensor{Type: x.Type, Shape: ChannelsLast(x.Shape)}
	c.In[0] = &x
	return 1, true
}

func lrnRows(c *Call) {
	x := c.Input(0, tensor.Float)
	c.Declare(0, x.Type, x.Shape...)
	size, alpha, beta, bias := c.Int("size", 1), c.Float("alpha", 1e-4), c.Float("beta", 0.75), c.Float("bias", 1)
	if size <= 0 {
		c.Fail("attribute \"size\" is %d", size)
	}
	channels := x.Shape[len(x.Shape)-1]
	c.Work = 8 * channels
	c.Kernel = func(a *Args) error {
		dst, x, work := slice[float32](a.Out[0]), slice[float32](a.In[0]), tensor.As[float32](a.Work)
		squares, sums := work[:channels], work[channels:2*channels]
		for ; len(x) > 0; x, dst = x[channels:], dst[channels:] {
			row := x[:channels]
			kernel.Unary(kernel.Square, squares, row)
			clear(sums)
			for d := -((size - 1) / 2); d <= size/2; d++ { // sums[i] += squares[i+d]
				from, to := max(0, -d), min(channels, channels-d)
				if from < to {
					kernel.Binary(kernel.Add, sums[from:to], sums[from:to], squares[from+d:to+d])
				}
			}
			kernel.BinaryScalar(kernel.Mul, sums, sums, alpha/float32(size))
			kernel.BinaryScalar(kernel.Add, sums, sums, bias)
			if beta == 0.75 { // √s·√√s
				kernel.UnaryFloat(kernel.Sqrt, sums, sums)
				kernel.UnaryFloat(kernel.Sqrt, squares, sums)
				kernel.Binary(kernel.Mul, sums, sums, squares)
			} else {
				kernel.PowScalar(sums, sums, beta)
			}
			kernel.Binary(kernel.Div, dst[:channels], row, sums)
		}
		return nil
	}
}

func batchNorm(c *Call) {
	x := c.Input(0)
	train := c.Opset >= 14 && c.Int("training_mode", 0) != 0
	if c.Opset < 14 && (c.Wants(1) || c.Wants(2)) || c.Wants(3) || c.Wants(4) {
		c.Unsupported("training")
	}
	if c.Int("spatial", 1) == 0 {
		c.Unsupported("attribute \"spatial\" 0")
	}
	if x.Rank() < 1 {
		c.Fail("input 0 is %v", x)
	}
	channels := 1
	if x.Rank() > 1 {
		channels = x.Shape[1]
	}
	for i := 1; i < 5; i++ {
		if p := c.Input(i); p.Rank() != 1 || p.Shape[0] != channels || !p.Type.IsFloat() {
			c.Fail("input %d is %v for %d channels", i, p, channels)
		}
		if c.In[i].Type != x.Type {
			c.Unsupported("input %d of type %v for %v", i, c.In[i].Type, x)
		}
	}
	c.Declare(0, x.Type, x.Shape...)
	c.InPlace(0, 0)
	pixels := 1
	if x.Rank() > 2 {
		pixels = tensor.Count(x.Shape[2:])
	}
	epsilon := float64(c.Float("epsilon", 1e-5))
	if train {
		c.Declare(1, x.Type, channels)
		c.Declare(2, x.Type, channels)
		t := &batchTraining{channels, pixels, epsilon, float64(c.Float("momentum", 0.9))}
		c.Kernel = forNumbers(c, x.Type, kernels{f32: batchTrainingKernel[float32](t), f64: batchTrainingKernel[float64](t)})
		return
	}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: batchNormKernel[float32](pixels, epsilon), f64: batchNormKernel[float64](pixels, epsilon)})
}

// batchTraining normalises with the mean and the variance of the batch, and mixes them into the running ones.
type batchTraining struct {
	channels, pixels  int
	epsilon, momentum float64
}

func batchTrainingKernel[T kernel.Float](t *batchTraining) Kernel {
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		scale, bias := slice[T](a.In[1]), slice[T](a.In[2])
		picture := t.channels * t.pixels
		for ch := range t.channels {
			n, mean, variance := 0, 0.0, 0.0
			for at := ch * t.pixels; at < len(x); at += picture {
				for _, v := range x[at : at+t.pixels] {
					mean += float64(v)
					n++
				}
			}
			mean /= float64(n)
			for at := ch * t.pixels; at < len(x); at += picture {
				for _, v := range x[at : at+t.pixels] {
					variance += (float64(v) - mean) * (float64(v) - mean)
				}
			}
			variance /= float64(n)
			factor := float64(scale[ch]) / math.Sqrt(variance+t.epsilon)
			for at := ch * t.pixels; at < len(x); at += picture {
				for i, v := range x[at : at+t.pixels] {
					dst[at+i] = T((float64(v)-mean)*factor) + bias[ch]
				}
			}
			mix(t, a, 1, ch, slice[T](a.In[3])[ch], mean)
			mix(t, a, 2, ch, slice[T](a.In[4])[ch], variance)
		}
		return nil
	}
}

// mix sets element ch of an output, if it is wanted.
func mix[T kernel.Float](t *batchTraining, a *Args, out, ch int, running T, v float64) {
	if out < len(a.Out) && a.Out[out] != nil {
		slice[T](a.Out[out])[ch] = T(float64(running)*t.momentum + v*(1-t.momentum))
	}
}

func batchNormKernel[T tensor.Number](pixels int, epsilon float64) Kernel {
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		scale, bias, mean, variance := slice[T](a.In[1]), slice[T](a.In[2]), slice[T](a.In[3]), slice[T](a.In[4])
		for i := 0; len(dst) > 0; i++ {
			ch := i % len(scale)
			factor := float64(scale[ch]) / math.Sqrt(float64(variance[ch])+epsilon)
			kernel.BinaryScalar(kernel.Mul, dst[:pixels], x[:pixels], T(factor))
			kernel.BinaryScalar(kernel.Add, dst[:pixels], dst[:pixels], T(float64(bias[ch])-float64(mean[ch])*factor))
			dst, x = dst[pixels:], x[pixels:]
		}
		return nil
	}
}
