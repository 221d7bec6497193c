package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Normalisations.

func init() {
	register("BatchNormalization", batchNorm, 1, 6, 7, 9, 14, 15)
	register("LRN", lrn, 1, 13)
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

func batchNorm(c *Call) {
	x := c.Input(0)
	if c.Int("training_mode", 0) != 0 || c.Opset < 7 && c.Int("is_test", 0) == 0 && c.Wants(1) {
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
	c.Kernel = forNumbers(c, x.Type, kernels{f32: batchNormKernel[float32](pixels, epsilon), f64: batchNormKernel[float64](pixels, epsilon)})
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
