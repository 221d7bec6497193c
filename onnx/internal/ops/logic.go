package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Logical operators, operators on the bits of integers, and remainders.

func init() {
	for name, op := range map[string]bitOp{"And": bitAnd, "Or": bitOr, "Xor": bitXor} {
		register(name, logical(op, true), 1)
		register(name, logical(op, false), 7)
		register("Bitwise"+name, bitwise(op), 18)
	}
	register("BitwiseNot", bitwiseNot, 18)
	register("BitShift", bitShift, 11)
	register("Mod", mod, 10, 13)
}

// A bitOp is an operation on the bits of two integers.
type bitOp int

const (
	bitAnd bitOp = iota
	bitOr
	bitXor
	bitLeft
	bitRight
	remainder // with the sign of the divisor
	truncated // with the sign of the dividend
)

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func logical(op bitOp, old bool) func(*Call) {
	return func(c *Call) {
		c.Input(0, tensor.Bool)
		w, _ := operands(c, old, same)
		c.Kernel = bitKernel[uint8](op, w)
	}
}

func bitwise(op bitOp) func(*Call) {
	return func(c *Call) {
		w, t := operands(c, false, same)
		c.Kernel = forNumbers(c, t, bitKernels(op, w))
	}
}

func bitKernels(op bitOp, w *walk) kernels {
	return kernels{i8: bitKernel[int8](op, w), i16: bitKernel[int16](op, w), i32: bitKernel[int32](op, w), i64: bitKernel[int64](op, w),
		u8: bitKernel[uint8](op, w), u16: bitKernel[uint16](op, w), u32: bitKernel[uint32](op, w), u64: bitKernel[uint64](op, w)}
}

func bitKernel[T integer](op bitOp, w *walk) Kernel {
	return func(a *Args) error {
		dst, x, y := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1])
		if op >= remainder {
			for _, v := range y {
				if v == 0 {
					return errDivision
				}
			}
		}
		w.each(func(at [4]int) {
			d, i, j := dst[at[0]:at[0]+w.n], at[1], at[2]
			for k := range d {
				d[k] = bits(op, x[i], y[j])
				i, j = i+w.step[1], j+w.step[2]
			}
		})
		return nil
	}
}

func bits[T integer](op bitOp, a, b T) T {
	switch op {
	case bitAnd:
		return a & b
	case bitOr:
		return a | b
	case bitXor:
		return a ^ b
	case bitLeft:
		return a << uint64(b)
	case bitRight:
		return a >> uint64(b)
	case remainder:
		if r := a % b; r == 0 || (r < 0) == (b < 0) {
			return r
		}
		return a%b + b
	}
	return a % b
}

func bitwiseNot(c *Call) {
	x := unary(c)
	c.Kernel = forNumbers(c, x.Type, kernels{i8: notKernel, i16: notKernel, i32: notKernel, i64: notKernel, u8: notKernel, u16: notKernel,
		u32: notKernel, u64: notKernel})
}

func notKernel(a *Args) error {
	for i, v := range a.In[0].Data {
		a.Out[0].Data[i] = ^v
	}
	return nil
}

func bitShift(c *Call) {
	w, t := operands(c, false, same)
	op := bitLeft
	switch d := c.String("direction", ""); d {
	case "LEFT":
	case "RIGHT":
		op = bitRight
	default:
		c.Fail("attribute \"direction\" is %q", d)
	}
	k := bitKernels(op, w)
	c.Kernel = forNumbers(c, t, kernels{u8: k.u8, u16: k.u16, u32: k.u32, u64: k.u64})
}

// mod is the remainder, which has the sign of the divisor, or with the attribute fmod that of the dividend.
func mod(c *Call) {
	w, t := operands(c, false, same)
	op := remainder
	if c.Int("fmod", 0) != 0 {
		op = truncated
	}
	k := bitKernels(op, w)
	k.f32, k.f64 = modKernel[float32](op, w), modKernel[float64](op, w)
	c.Kernel = forNumbers(c, t, k)
}

func modKernel[T float32 | float64](op bitOp, w *walk) Kernel {
	return func(a *Args) error {
		dst, x, y := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1])
		w.each(func(at [4]int) {
			d, i, j := dst[at[0]:at[0]+w.n], at[1], at[2]
			for k := range d {
				r := T(math.Mod(float64(x[i]), float64(y[j])))
				if op == remainder && r != 0 && (r < 0) != (y[j] < 0) {
					r += y[j]
				}
				d[k] = r
				i, j = i+w.step[1], j+w.step[2]
			}
		})
		return nil
	}
}
