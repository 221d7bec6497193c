package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Elementwise functions of one tensor.

func init() {
	for name, op := range map[string]kernel.FloatOp{"Exp": kernel.Exp, "Log": kernel.Log, "Sqrt": kernel.Sqrt, "Tanh": kernel.Tanh,
		"Sigmoid": kernel.Sigmoid, "Reciprocal": kernel.Reciprocal, "Floor": kernel.Floor, "Ceil": kernel.Ceil} {
		register(name, floatUnary(func(dst, a []float32) { kernel.UnaryFloat(op, dst, a) },
			func(dst, a []float64) { kernel.UnaryFloat(op, dst, a) }), 1, 6, 13)
	}
	for name, f := range map[string]func(float64) float64{"Sin": math.Sin, "Cos": math.Cos, "Tan": math.Tan, "Asin": math.Asin, "Acos": math.Acos,
		"Atan": math.Atan, "Sinh": math.Sinh, "Cosh": math.Cosh, "Asinh": math.Asinh, "Acosh": math.Acosh, "Atanh": math.Atanh,
		"Erf": math.Erf, "Round": math.RoundToEven, "Softsign": softsign, "Softplus": softplus, "Mish": mish} {
		register(name, floatFunc(f), 1)
	}
	register("Neg", numericUnary(kernel.Neg), 1, 6, 13)
	register("Abs", numericUnary(kernel.Abs), 1, 6, 13)
	register("Relu", relu, 1, 6, 13, 14)
	register("Not", not, 1)
}

func softsign(x float64) float64 { return x / (1 + math.Abs(x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func mish(x float64) float64 { return x * math.Tanh(softplus(x)) }

// unary declares an output like the input.
func unary(c *Call) *Operand {
	x := c.Input(0)
	c.Declare(0, x.Type, x.Shape...)
	c.InPlace(0, 0)
	return x
}

// floatUnary is an operator on float and double.
func floatUnary(f32 func(dst, a []float32), f64 func(dst, a []float64)) func(*Call) {
	return func(c *Call) {
		switch x := unary(c); x.Type {
		case tensor.Float:
			c.Kernel = func(a *Args) error {
				f32(slice[float32](a.Out[0]), slice[float32](a.In[0]))
				return nil
			}
		case tensor.Double:
			c.Kernel = func(a *Args) error {
				f64(slice[float64](a.Out[0]), slice[float64](a.In[0]))
				return nil
			}
		default:
			c.Unsupported("input 0 of type %v", x.Type)
		}
	}
}

// floatFunc is floatUnary of a function of one element.
func floatFunc(f func(float64) float64) func(*Call) {
	return floatUnary(func(dst, a []float32) {
		for i, v := range a {
			dst[i] = float32(f(float64(v)))
		}
	}, func(dst, a []float64) {
		for i, v := range a {
			dst[i] = f(v)
		}
	})
}

// withAttributes is floatFunc of a function with parameters.
func withAttributes(f func(c *Call) func(float64) float64) func(*Call) {
	return func(c *Call) { floatFunc(f(c))(c) }
}

func numericUnary(op kernel.UnaryOp) func(*Call) {
	return func(c *Call) {
		x := unary(c)
		c.Kernel = forNumbers(c, x.Type, unaryKernels(op))
	}
}

func unaryKernels(op kernel.UnaryOp) kernels {
	return kernels{f32: unaryKernel[float32](op), f64: unaryKernel[float64](op), i8: unaryKernel[int8](op), i16: unaryKernel[int16](op),
		i32: unaryKernel[int32](op), i64: unaryKernel[int64](op), u8: unaryKernel[uint8](op), u16: unaryKernel[uint16](op),
		u32: unaryKernel[uint32](op), u64: unaryKernel[uint64](op)}
}

func unaryKernel[T tensor.Number](op kernel.UnaryOp) Kernel {
	return func(a *Args) error {
		kernel.Unary(op, slice[T](a.Out[0]), slice[T](a.In[0]))
		return nil
	}
}

func relu(c *Call) {
	x := unary(c)
	c.Kernel = forNumbers(c, x.Type, kernels{f32: reluKernel[float32], f64: reluKernel[float64], i8: reluKernel[int8],
		i16: reluKernel[int16], i32: reluKernel[int32], i64: reluKernel[int64]})
}

func reluKernel[T tensor.Number](a *Args) error {
	kernel.ReLU(slice[T](a.Out[0]), slice[T](a.In[0]))
	return nil
}

func not(c *Call) {
	c.Input(0, tensor.Bool)
	unary(c)
	c.Kernel = func(a *Args) error {
		for i, v := range a.In[0].Data {
			a.Out[0].Data[i] = 1 - v
		}
		return nil
	}
}
