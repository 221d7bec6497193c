package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Functions of rows along an axis.

func init() {
	registerRows("Softmax", kernel.SoftmaxRow[float32], kernel.SoftmaxRow[float64])
	registerRows("LogSoftmax", kernel.LogSoftmaxRow[float32], kernel.LogSoftmaxRow[float64])
	registerRows("Hardmax", hardmax[float32], hardmax[float64])
}

func hardmax[T kernel.Float](dst, a []T) {
	if len(a) > 0 {
		at := kernel.ArgMax(a)
		clear(dst)
		dst[at] = 1
	}
}

// registerRows adds an operator whose old form takes all axes from one on as a row.
func registerRows(name string, f32 func(dst, a []float32), f64 func(dst, a []float64)) {
	register(name, rowsOf(f32, f64, true), 1, 11)
	register(name, rowsOf(f32, f64, false), 13)
}

func rowsOf(f32 func(dst, a []float32), f64 func(dst, a []float64), old bool) func(*Call) {
	return func(c *Call) {
		x := unary(c)
		otherwise := -1
		if old {
			otherwise = 1
		}
		var n, inner int
		if axis := c.Int("axis", otherwise); old {
			if axis < -x.Rank() || axis > x.Rank() {
				c.Fail("axis %d of %v", axis, x)
			}
			if axis < 0 {
				axis += x.Rank()
			}
			n, inner = tensor.Count(x.Shape[axis:]), 1
		} else {
			axis = c.Axis(axis, max(1, x.Rank()))
			if x.Rank() == 0 {
				n, inner = 1, 1
			} else {
				n, inner = x.Shape[axis], tensor.Count(x.Shape[axis+1:])
			}
		}
		if inner > 1 {
			c.Work = x.Type.Bytes(n)
		}
		switch x.Type {
		case tensor.Float:
			c.Kernel = rowsKernel(f32, n, inner)
		case tensor.Double:
			c.Kernel = rowsKernel(f64, n, inner)
		default:
			c.Unsupported("input 0 of type %v", x.Type)
		}
	}
}

// rowsKernel applies f to rows of n elements that are inner elements apart.
func rowsKernel[T kernel.Float](f func(dst, a []T), n, inner int) Kernel {
	rows := func(a *Args, _ []float32, from, to int) {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		for i := from * n; i < to*n; i += n {
			f(dst[i:i+n], x[i:i+n])
		}
	}
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		if len(dst) == 0 {
			return nil
		}
		if inner == 1 {
			a.divide(len(x)/n, float64(len(x))*perElement, 0, rows)
			return nil
		}
		row := tensor.As[T](a.Work)
		for o := 0; o < len(x); o += n * inner {
			for i := range inner {
				kernel.CopyStrided(row, 1, x[o+i:], inner, n)
				f(row, row)
				kernel.CopyStrided(dst[o+i:], inner, row, 1, n)
			}
		}
		return nil
	}
}
