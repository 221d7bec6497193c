package ops

import (
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Reductions along axes.

// A reduction is the sum, the maximum, the minimum or the product of functions of elements, and a function
// of that.
type reduction struct {
	op      kernel.BinaryOp
	product bool                           // instead of op
	each    func(float64) float64          // of an element; nil for itself
	last    func(v float64, n int) float64 // of the result of n elements
}

func init() {
	square := func(x float64) float64 { return x * x }
	root := func(v float64, n int) float64 { return math.Sqrt(v) }
	log := func(v float64, n int) float64 { return math.Log(v) }
	for name, r := range map[string]reduction{
		"ReduceSum":       {op: kernel.Add},
		"ReduceMean":      {op: kernel.Add, last: func(v float64, n int) float64 { return v / float64(n) }},
		"ReduceMax":       {op: kernel.Max},
		"ReduceMin":       {op: kernel.Min},
		"ReduceProd":      {product: true},
		"ReduceL1":        {op: kernel.Add, each: math.Abs},
		"ReduceL2":        {op: kernel.Add, each: square, last: root},
		"ReduceSumSquare": {op: kernel.Add, each: square},
		"ReduceLogSum":    {op: kernel.Add, last: log},
	} {
		register(name, reduce(r), 1, 11, 13, 18, 20)
	}
	register("ReduceLogSumExp", reduceLogSumExp, 1, 11, 13, 18)
	registerIn(graph.OwnDomain, "SumLike", sumLike, 1)
}

// reduced declares the output of a reduction, and returns the walk over output and input, and how many
// elements make one.
func reduced(c *Call) (w *walk, n int) {
	x := c.Input(0)
	axes, ok := axesOf(c, 1)
	if !ok || len(axes) == 0 {
		if c.Int("noop_with_empty_axes", 0) != 0 {
			axes = nil
		} else {
			axes = upTo(x.Rank())
		}
	}
	axes = c.Axes(axes, x.Rank())
	keep := c.Int("keepdims", 1) != 0
	shape, full := []int{}, make([]int, x.Rank())
	n = 1
	for i, d := range x.Shape {
		full[i] = d
		if slices.Contains(axes, i) {
			n *= d
			full[i] = 1
			if !keep {
				continue
			}
		}
		shape = append(shape, full[i])
	}
	c.Declare(0, x.Type, shape...)
	return newWalk(x.Shape, broadcastStrides(full, x.Shape), rowMajor(x.Shape)), n
}

func reduce(r reduction) func(*Call) {
	return func(c *Call) {
		w, n := reduced(c)
		t := c.In[0].Type
		if t == tensor.Bool && (r.op == kernel.Max || r.op == kernel.Min) {
			t = tensor.Uint8
		}
		c.Kernel = forNumbers(c, t, kernels{f32: reduceKernel[float32](r, w, n), f64: reduceKernel[float64](r, w, n), i8: reduceKernel[int8](r, w, n),
			i16: reduceKernel[int16](r, w, n), i32: reduceKernel[int32](r, w, n), i64: reduceKernel[int64](r, w, n), u8: reduceKernel[uint8](r, w, n),
			u16: reduceKernel[uint16](r, w, n), u32: reduceKernel[uint32](r, w, n), u64: reduceKernel[uint64](r, w, n)})
		if c.In[0].Type == tensor.Bool {
			start := byte(1)
			if r.op == kernel.Max {
				start = 0
			}
			inner := c.Kernel
			c.Kernel = func(a *Args) error {
				if n == 0 {
					repeat(a.Out[0].Data, []byte{start})
					return nil
				}
				return inner(a)
			}
		}
	}
}

// sumLike sums input 0 over the axes along which input 1 has to be repeated to its shape.
func sumLike(c *Call) {
	x, like := c.Input(0), c.Input(1)
	if shape := c.broadcast(x.Shape, like.Shape); !equal(shape, x.Shape) {
		c.Fail("%v like %v", x, like)
	}
	c.Declare(0, x.Type, like.Shape...)
	w := newWalk(x.Shape, broadcastStrides(like.Shape, x.Shape), rowMajor(x.Shape))
	r := reduction{op: kernel.Add}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: reduceKernel[float32](r, w, 0), f64: reduceKernel[float64](r, w, 0)})
}

// limits returns the smallest number of T, and the largest one.
func limits[T tensor.Number]() (low, high T) {
	switch p := any(&low).(type) {
	case *float32:
		*p = float32(math.Inf(-1))
	case *float64:
		*p = math.Inf(-1)
	case *int8:
		*p = math.MinInt8
	case *int16:
		*p = math.MinInt16
	case *int32:
		*p = math.MinInt32
	case *int64:
		*p = math.MinInt64
	}
	switch p := any(&high).(type) {
	case *float32:
		*p = float32(math.Inf(1))
	case *float64:
		*p = math.Inf(1)
	case *int8:
		*p = math.MaxInt8
	case *int16:
		*p = math.MaxInt16
	case *int32:
		*p = math.MaxInt32
	case *int64:
		*p = math.MaxInt64
	case *uint8:
		*p = math.MaxUint8
	case *uint16:
		*p = math.MaxUint16
	case *uint32:
		*p = math.MaxUint32
	case *uint64:
		*p = math.MaxUint64
	}
	return low, high
}

func reduceKernel[T tensor.Number](r reduction, w *walk, n int) Kernel {
	low, high := limits[T]()
	first := T(0)
	switch {
	case r.product:
		first = 1
	case r.op == kernel.Max:
		first = low
	case r.op == kernel.Min:
		first = high
	}
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		for i := range dst {
			dst[i] = first
		}
		w.each(func(at [4]int) {
			row := x[at[1] : at[1]+w.n]
			if w.step[0] == 0 {
				dst[at[0]] = join(r, dst[at[0]], reduceRow(r, row))
				return
			}
			if r.each == nil && !r.product && w.step[0] == 1 {
				d := dst[at[0] : at[0]+w.n]
				kernel.Binary(r.op, d, d, row)
				return
			}
			for i, v := range row {
				d := &dst[at[0]+i*w.step[0]]
				*d = join(r, *d, apply(r, v))
			}
		})
		if r.last != nil {
			for i, v := range dst {
				dst[i] = T(r.last(float64(v), n))
			}
		}
		return nil
	}
}

func apply[T tensor.Number](r reduction, v T) T {
	if r.each == nil {
		return v
	}
	return T(r.each(float64(v)))
}

func join[T tensor.Number](r reduction, a, b T) T {
	switch {
	case r.product:
		return a * b
	case r.op == kernel.Max:
		return max(a, b)
	case r.op == kernel.Min:
		return min(a, b)
	}
	return a + b
}

// reduceRow reduces elements that are side by side, at least one.
func reduceRow[T tensor.Number](r reduction, row []T) T {
	if r.each == nil && !r.product {
		switch r.op {
		case kernel.Add:
			return rowSum(row)
		case kernel.Max:
			return kernel.MaxOf(row)
		case kernel.Min:
			return kernel.MinOf(row)
		}
	}
	v := apply(r, row[0])
	for _, e := range row[1:] {
		v = join(r, v, apply(r, e))
	}
	return v
}

// reduceLogSumExp subtracts the maximum first, so that nothing overflows.
func reduceLogSumExp(c *Call) {
	w, _ := reduced(c)
	switch x := c.In[0]; x.Type {
	case tensor.Float:
		c.Work = 4 * tensor.Count(c.Results[0].Shape)
		c.Kernel = logSumExp[float32](w)
	case tensor.Double:
		c.Work = 8 * tensor.Count(c.Results[0].Shape)
		c.Kernel = logSumExp[float64](w)
	default:
		c.Unsupported("input 0 of type %v", x.Type)
	}
}

func logSumExp[T kernel.Float](w *walk) Kernel {
	return func(a *Args) error {
		dst, x, largest := slice[T](a.Out[0]), slice[T](a.In[0]), tensor.As[T](a.Work)
		for i := range dst {
			largest[i], dst[i] = T(math.Inf(-1)), 0
		}
		w.each(func(at [4]int) {
			for i, v := range x[at[1] : at[1]+w.n] {
				d := &largest[at[0]+i*w.step[0]]
				*d = max(*d, v)
			}
		})
		w.each(func(at [4]int) {
			for i, v := range x[at[1] : at[1]+w.n] {
				if j := at[0] + i*w.step[0]; !math.IsInf(float64(largest[j]), 0) {
					dst[j] += T(math.Exp(float64(v - largest[j])))
				}
			}
		})
		for i, v := range dst {
			if !math.IsInf(float64(largest[i]), 0) {
				dst[i] = largest[i] + T(math.Log(float64(v)))
			} else {
				dst[i] = largest[i]
			}
		}
		return nil
	}
}
