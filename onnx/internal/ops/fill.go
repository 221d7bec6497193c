package ops

import (
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that make tensors of few numbers, and that leave elements out.

func init() {
	register("Range", rangeOf, 11, 27)
	register("OneHot", oneHot, 9, 11)
	register("EyeLike", eyeLike, 9, 22)
	register("Trilu", trilu, 14)
	register("CumSum", cumulate(false), 11, 14)
	register("CumProd", cumulate(true), 26)
}

// maxRange is how many elements a Range may have.
const maxRange = 1 << 40

func rangeOf(c *Call) {
	start, limit, delta := c.Elements(0), c.Elements(1), c.Elements(2)
	for _, x := range []*tensor.Tensor{start, limit, delta} {
		if x.Len() != 1 || x.Type != start.Type {
			c.Fail("inputs %v, %v and %v", start, limit, delta)
		}
	}
	var n float64
	switch start.Type {
	case tensor.Float:
		n = countOf(float64(slice[float32](start)[0]), float64(slice[float32](limit)[0]), float64(slice[float32](delta)[0]))
	case tensor.Double:
		n = countOf(slice[float64](start)[0], slice[float64](limit)[0], slice[float64](delta)[0])
	default:
		if !start.Type.IsNumeric() {
			c.Unsupported("inputs of type %v", start.Type)
		}
		v := [3]int{c.Integers(0)[0], c.Integers(1)[0], c.Integers(2)[0]}
		switch span := v[1] - v[0]; {
		case v[2] == 0:
			n = math.NaN()
		case (v[1] > v[0]) != (span > 0): // the difference is out of range
			n = math.Inf(1)
		case (span > 0) == (v[2] > 0) && span != 0:
			n = float64(span / v[2])
			if span%v[2] != 0 {
				n++
			}
		}
	}
	if n != n || n > maxRange {
		c.Fail("from a start to a limit in %v steps", n)
	}
	c.Declare(0, start.Type, int(n))
	c.Kernel = forNumbers(c, start.Type, kernels{f32: rangeKernel[float32], f64: rangeKernel[float64], i16: rangeKernel[int16],
		i32: rangeKernel[int32], i64: rangeKernel[int64]})
}

// countOf returns the number of elements, NaN if the step is 0.
func countOf(start, limit, delta float64) float64 {
	if delta == 0 {
		return math.NaN()
	}
	return max(0, math.Ceil((limit-start)/delta))
}

func rangeKernel[T tensor.Number](a *Args) error {
	start, delta := slice[T](a.In[0])[0], slice[T](a.In[2])[0]
	dst := slice[T](a.Out[0])
	for i := range dst {
		dst[i] = start + T(i)*delta
	}
	return nil
}

func oneHot(c *Call) {
	x, depths, values := c.Input(0), c.Elements(1), c.Input(2)
	if depths.Len() != 1 || values.Len() != 2 || x.Rank() >= MaxRank {
		c.Fail("inputs %v, %v and %v", x, depths, values)
	}
	var depth int
	switch depths.Type {
	case tensor.Float:
		depth = int(slice[float32](depths)[0])
	case tensor.Double:
		depth = int(slice[float64](depths)[0])
	default:
		depth = c.Integers(1)[0]
	}
	if depth < 0 {
		c.Fail("depth %d", depth)
	}
	axis := c.Axis(c.Int("axis", -1), x.Rank()+1)
	c.Declare(0, values.Type, slices.Insert(slices.Clone(x.Shape), axis, depth)...)
	inner := tensor.Count(x.Shape[axis:])
	size := values.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("values of type %v", values.Type)
	}
	read := reader(c, x.Type)
	c.Kernel = func(a *Args) error {
		dst, values := a.Out[0].Data, a.In[2].Data
		repeat(dst, values[:size])
		for i := range a.In[0].Len() {
			at := int(read(a.In[0], i))
			if at < 0 {
				at += depth
			}
			if at >= 0 && at < depth {
				copy(dst[((i/inner*depth+at)*inner+i%inner)*size:], values[size:])
			}
		}
		return nil
	}
}

// reader returns the function that reads an element of a type of numbers.
func reader(c *Call, t tensor.Type) func(x *tensor.Tensor, i int) float64 {
	switch t {
	case tensor.Float:
		return read[float32]
	case tensor.Double:
		return read[float64]
	case tensor.Int8:
		return read[int8]
	case tensor.Int16:
		return read[int16]
	case tensor.Int32:
		return read[int32]
	case tensor.Int64:
		return read[int64]
	case tensor.Uint8:
		return read[uint8]
	case tensor.Uint16:
		return read[uint16]
	case tensor.Uint32:
		return read[uint32]
	case tensor.Uint64:
		return read[uint64]
	}
	c.Unsupported("input of type %v", t)
	return nil
}

func read[T tensor.Number](x *tensor.Tensor, i int) float64 { return float64(slice[T](x)[i]) }

func eyeLike(c *Call) {
	x := c.Input(0)
	if x.Rank() != 2 {
		c.Fail("input 0 is %v", x)
	}
	t, k := tensor.Type(c.Int("dtype", int(x.Type))), c.Int("k", 0)
	c.Declare(0, t, x.Shape...)
	rows, columns := x.Shape[0], x.Shape[1]
	if t == tensor.Bool {
		t = tensor.Uint8
	}
	c.Kernel = forNumbers(c, t, kernels{f32: eyeKernel[float32](rows, columns, k), f64: eyeKernel[float64](rows, columns, k),
		i8: eyeKernel[int8](rows, columns, k), i16: eyeKernel[int16](rows, columns, k), i32: eyeKernel[int32](rows, columns, k),
		i64: eyeKernel[int64](rows, columns, k), u8: eyeKernel[uint8](rows, columns, k), u16: eyeKernel[uint16](rows, columns, k),
		u32: eyeKernel[uint32](rows, columns, k), u64: eyeKernel[uint64](rows, columns, k)})
}

func eyeKernel[T tensor.Number](rows, columns, k int) Kernel {
	return func(a *Args) error {
		dst := slice[T](a.Out[0])
		clear(dst)
		for i := range rows {
			if k < columns && k > -rows && i+k >= 0 && i+k < columns {
				dst[i*columns+i+k] = 1
			}
		}
		return nil
	}
}

// trilu keeps what is on one side of a diagonal of matrices.
func trilu(c *Call) {
	x := c.Input(0)
	if x.Rank() < 2 {
		c.Fail("input 0 is %v", x)
	}
	k := 0
	if c.Has(1) {
		v := c.Integers(1)
		if len(v) != 1 {
			c.Fail("input 1 is %v", c.In[1])
		}
		k = v[0]
	}
	unary(c)
	rows, columns := x.Shape[x.Rank()-2], x.Shape[x.Rank()-1]
	size, upper := x.Type.Bits()/8, c.Int("upper", 1) != 0
	if size == 0 {
		c.Unsupported("elements of type %v", x.Type)
	}
	k = min(max(k, -rows), columns)
	c.Kernel = func(a *Args) error {
		dst := a.Out[0].Data
		copy(dst, a.In[0].Data)
		for i := 0; len(dst) > 0; i++ {
			row, at := dst[:columns*size], i%rows+k // of the diagonal
			if upper {
				clear(row[:min(max(at, 0), columns)*size])
			} else {
				clear(row[min(max(at+1, 0), columns)*size:])
			}
			dst = dst[columns*size:]
		}
		return nil
	}
}

func cumulate(product bool) func(*Call) {
	return func(c *Call) {
		x := c.Input(0)
		v := c.Integers(1)
		if len(v) != 1 || x.Rank() == 0 {
			c.Fail("inputs %v and %v", x, c.In[1])
		}
		unary(c)
		s := &cumulation{alongAxis(x.Shape, c.Axis(v[0], x.Rank())), product, c.Int("exclusive", 0) != 0, c.Int("reverse", 0) != 0}
		c.Kernel = forNumbers(c, x.Type, kernels{f32: cumulationKernel[float32](s), f64: cumulationKernel[float64](s),
			i8: cumulationKernel[int8](s), i16: cumulationKernel[int16](s), i32: cumulationKernel[int32](s), i64: cumulationKernel[int64](s),
			u8: cumulationKernel[uint8](s), u16: cumulationKernel[uint16](s), u32: cumulationKernel[uint32](s), u64: cumulationKernel[uint64](s)})
	}
}

type cumulation struct {
	along
	product, exclusive, reverse bool
}

func cumulationKernel[T tensor.Number](s *cumulation) Kernel {
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		for o := range s.outer {
			for i := range s.inner {
				sum := T(0)
				if s.product {
					sum = 1
				}
				for k := range s.n {
					if s.reverse {
						k = s.n - 1 - k
					}
					at := (o*s.n+k)*s.inner + i
					v, before := x[at], sum
					if s.product {
						sum *= v
					} else {
						sum += v
					}
					if dst[at] = sum; s.exclusive {
						dst[at] = before
					}
				}
			}
		}
		return nil
	}
}
