package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Elementwise functions with attributes, and questions about elements.

func init() {
	register("HardSigmoid", hardSigmoid, 1, 6, 22)
	register("HardSwish", floatFunc(func(x float64) float64 { return x * max(0, min(1, x/6+0.5)) }), 14, 22)
	register("LeakyRelu", withAttributes(func(c *Call) func(float64) float64 {
		alpha := float64(c.Float("alpha", 0.01))
		return func(x float64) float64 { return leaky(x, alpha, 0) }
	}), 1, 6, 16)
	register("Elu", withAttributes(func(c *Call) func(float64) float64 {
		alpha := float64(c.Float("alpha", 1))
		return func(x float64) float64 { return elu(x, alpha, 0) }
	}), 1, 6, 22)
	register("Selu", withAttributes(func(c *Call) func(float64) float64 {
		alpha, gamma := float64(c.Float("alpha", 1.6732632)), float64(c.Float("gamma", 1.050701))
		if c.Opset < 6 {
			alpha, gamma = float64(c.Float("alpha", 1.6732)), float64(c.Float("gamma", 1.0507))
		}
		return func(x float64) float64 { return gamma * elu(x, alpha, 0) }
	}), 1, 6, 22)
	register("Celu", withAttributes(func(c *Call) func(float64) float64 {
		alpha := float64(c.Float("alpha", 1))
		return func(x float64) float64 { return max(0, x) + min(0, alpha*math.Expm1(x/alpha)) }
	}), 12)
	register("ThresholdedRelu", withAttributes(func(c *Call) func(float64) float64 {
		alpha := float64(c.Float("alpha", 1))
		return func(x float64) float64 { return thresholded(x, alpha, 0) }
	}), 10, 22)
	register("Swish", withAttributes(func(c *Call) func(float64) float64 {
		alpha := float64(c.Float("alpha", 1))
		return func(x float64) float64 { return x / (1 + math.Exp(-alpha*x)) }
	}), 24)
	register("Gelu", gelu, 20)
	register("Shrink", shrink, 9)
	register("Sign", signOf, 9, 13)
	register("IsNaN", question(func(c *Call) func(float64) bool { return math.IsNaN }), 9, 13, 20)
	register("IsInf", question(func(c *Call) func(float64) bool {
		above, below := c.Int("detect_positive", 1) != 0, c.Int("detect_negative", 1) != 0
		return func(x float64) bool { return above && math.IsInf(x, 1) || below && math.IsInf(x, -1) }
	}), 10, 20)
}

// hardSigmoid is max(0, min(1, alpha·x + beta)).
func hardSigmoid(c *Call) {
	alpha, beta := c.Float("alpha", 0.2), c.Float("beta", 0.5)
	floatUnary(func(dst, x []float32) { hardSigmoidRow(dst, x, alpha, beta) },
		func(dst, x []float64) { hardSigmoidRow(dst, x, float64(alpha), float64(beta)) })(c)
}

func hardSigmoidRow[T kernel.Float](dst, x []T, alpha, beta T) {
	kernel.BinaryScalar(kernel.Mul, dst, x, alpha)
	kernel.BinaryScalar(kernel.Add, dst, dst, beta)
	kernel.BinaryScalar(kernel.Max, dst, dst, 0)
	kernel.BinaryScalar(kernel.Min, dst, dst, 1)
}

func gelu(c *Call) {
	op := kernel.GELU
	switch approximate := c.String("approximate", "none"); approximate {
	case "none":
	case "tanh":
		op = kernel.GELUTanh
	default:
		c.Unsupported("attribute \"approximate\" %q", approximate)
	}
	floatUnary(func(dst, x []float32) { kernel.UnaryFloat(op, dst, x) }, func(dst, x []float64) { kernel.UnaryFloat(op, dst, x) })(c)
}

// shrink moves elements towards 0 by bias, and sets those to 0 that are not further from it than lambd.
func shrink(c *Call) {
	x := unary(c)
	bias, lambda := float64(c.Float("bias", 0)), float64(c.Float("lambd", 0.5))
	f := func(x float64) float64 {
		switch {
		case x < -lambda:
			return x + bias
		case x > lambda:
			return x - bias
		}
		return 0
	}
	c.Kernel = forNumbers(c, x.Type, eachKernels(f))
}

func signOf(c *Call) {
	x := unary(c)
	c.Kernel = forNumbers(c, x.Type, eachKernels(func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return x
	}))
}

// eachKernels are of a function of one element, computed in float64.
func eachKernels(f func(float64) float64) kernels {
	return kernels{f32: eachKernel[float32](f), f64: eachKernel[float64](f), i8: eachKernel[int8](f), i16: eachKernel[int16](f),
		i32: eachKernel[int32](f), i64: eachKernel[int64](f), u8: eachKernel[uint8](f), u16: eachKernel[uint16](f),
		u32: eachKernel[uint32](f), u64: eachKernel[uint64](f)}
}

func eachKernel[T tensor.Number](f func(float64) float64) Kernel {
	return func(a *Args) error {
		dst := slice[T](a.Out[0])
		for i, v := range slice[T](a.In[0]) {
			dst[i] = T(f(float64(v)))
		}
		return nil
	}
}

// question is an operator that says something about each element.
func question(make func(c *Call) func(float64) bool) func(*Call) {
	return func(c *Call) {
		x, f := c.Input(0), make(c)
		c.Declare(0, tensor.Bool, x.Shape...)
		switch x.Type {
		case tensor.Float:
			c.Kernel = questionKernel(f, func(v float32) float64 { return float64(v) })
		case tensor.Double:
			c.Kernel = questionKernel(f, func(v float64) float64 { return v })
		case tensor.Float16:
			c.Kernel = questionKernel(f, func(v uint16) float64 { return float64(FromFloat16(v)) })
		case tensor.BFloat16:
			c.Kernel = questionKernel(f, func(v uint16) float64 { return float64(FromBFloat16(v)) })
		default:
			c.Unsupported("input 0 of type %v", x.Type)
		}
	}
}

func questionKernel[T tensor.Number](f func(float64) bool, widen func(T) float64) Kernel {
	return func(a *Args) error {
		dst := a.Out[0].Data
		for i, v := range slice[T](a.In[0]) {
			dst[i] = 0
			if f(widen(v)) {
				dst[i] = 1
			}
		}
		return nil
	}
}
