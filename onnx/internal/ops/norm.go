package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Normalisations.

func init() {
	register("BatchNormalization", batchNorm, 1, 6, 7, 9, 14, 15)
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
