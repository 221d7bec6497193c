package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Products of matrices.

func init() {
	register("MatMul", matMul, 1, 9, 13)
	register("Gemm", gemmOf, 1, 6, 7, 9, 11, 13)
}

// product sets c to a·b, of m×k and k×n elements, of any strides. c must not overlap them.
func product[T tensor.Number](c []T, ldc int, a []T, aRow, aCol int, b []T, bRow, bCol int, m, k, n int) {
	if m == 0 || n == 0 {
		return
	}
	switch c := any(c).(type) {
	case []float32:
		if gemm.Product(c, ldc, gemm.Matrix[float32]{Data: any(a).([]float32), Row: aRow, Col: aCol}, gemm.Matrix[float32]{Data: any(b).([]float32), Row: bRow, Col: bCol}, m, k, n) {
			return
		}
	case []float64:
		if gemm.Product(c, ldc, gemm.Matrix[float64]{Data: any(a).([]float64), Row: aRow, Col: aCol}, gemm.Matrix[float64]{Data: any(b).([]float64), Row: bRow, Col: bCol}, m, k, n) {
			return
		}
	}
	// A single column is a loop, which compilers fuse where the processor can, as gemm does: kernel.MatMul would add it up in
	// the lanes of the processor.
	if aCol == 1 && bCol == 1 && n > 1 {
		kernel.MatMul(c, ldc, a, aRow, b, bRow, m, k, n)
		return
	}
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		clear(row)
		for p := range k {
			v := a[i*aRow+p*aCol]
			if bCol == 1 && n > 1 {
				kernel.AddScaled(row, v, b[p*bRow:p*bRow+n])
				continue
			}
			for j := range row {
				row[j] += v * b[p*bRow+j*bCol]
			}
		}
	}
}

func matMul(c *Call) {
	x, y := c.Input(0), c.Input(1)
	if x.Type != y.Type {
		c.Fail("inputs of types %v and %v", x.Type, y.Type)
	}
	xs, ys := x.Shape, y.Shape
	if len(xs) == 0 || len(ys) == 0 {
		c.Fail("inputs %v and %v", x, y)
	}
	if len(xs) == 1 {
		xs = []int{1, xs[0]}
	}
	if len(ys) == 1 {
		ys = []int{ys[0], 1}
	}
	m, k, n := xs[len(xs)-2], xs[len(xs)-1], ys[len(ys)-1]
	if ys[len(ys)-2] != k {
		c.Fail("inputs %v and %v", x, y)
	}
	batch := c.broadcast(xs[:len(xs)-2], ys[:len(ys)-2])
	shape := append([]int{}, batch...)
	if x.Rank() > 1 {
		shape = append(shape, m)
	}
	if y.Rank() > 1 {
		shape = append(shape, n)
	}
	c.Declare(0, x.Type, shape...)
	if x.Type == tensor.Float && y.Fixed && len(ys) == 2 {
		rows := tensor.Count(xs[:len(xs)-1])
		packed := c.Once("packed", func() any { return gemm.Pack(slice[float32](y.Tensor), k, n, n, 1) }).(*gemm.Packed[float32])
		c.Kernel = func(a *Args) error {
			packed.Mul(slice[float32](a.Out[0]), n, slice[float32](a.In[0]), k, rows, nil, gemm.None)
			return nil
		}
		return
	}
	full := append(append([]int{}, batch...), m*n)
	w := newWalk(append(append([]int{}, batch...), 1), rowMajor(full), matrixStrides(xs, batch), matrixStrides(ys, batch))
	// The last axis of the walk is a row of matrices, of which there is one at least.
	c.Kernel = forNumbers(c, x.Type, kernels{f32: matMulKernel[float32](w, m, k, n), f64: matMulKernel[float64](w, m, k, n), i32: matMulKernel[int32](w, m, k, n),
		i64: matMulKernel[int64](w, m, k, n), u32: matMulKernel[uint32](w, m, k, n), u64: matMulKernel[uint64](w, m, k, n)})
}

// matrixStrides returns the distances of the matrices of a shape repeated to a batch, and 0 for the last axis.
func matrixStrides(shape, batch []int) []int {
	outer := shape[:len(shape)-2]
	s := broadcastStrides(outer, batch)
	for i := range s {
		s[i] *= shape[len(shape)-2] * shape[len(shape)-1]
	}
	return append(s, 0)
}

func matMulKernel[T tensor.Number](w *walk, m, k, n int) Kernel {
	return func(a *Args) error {
		dst, x, y := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1])
		w.each(func(at [4]int) {
			for i := range w.n {
				product(dst[at[0]+i*w.step[0]:], n, x[at[1]+i*w.step[1]:], k, 1, y[at[2]+i*w.step[2]:], n, 1, m, k, n)
			}
		})
		return nil
	}
}

// gemmOf is alpha·A·B + beta·C, where A and B may be transposed.
func gemmOf(c *Call) {
	x, y := c.Input(0), c.Input(1)
	if x.Type != y.Type || x.Rank() != 2 || y.Rank() != 2 {
		c.Fail("inputs %v and %v", x, y)
	}
	m, k, xRow, xCol := x.Shape[0], x.Shape[1], x.Shape[1], 1
	if c.Int("transA", 0) != 0 {
		m, k, xRow, xCol = k, m, 1, x.Shape[1]
	}
	inner, n, yRow, yCol := y.Shape[0], y.Shape[1], y.Shape[1], 1
	if c.Int("transB", 0) != 0 {
		inner, n, yRow, yCol = n, inner, 1, y.Shape[1]
	}
	if inner != k {
		c.Fail("inputs %v and %v", x, y)
	}
	c.Declare(0, x.Type, m, n)
	g := &gemmCall{m: m, k: k, n: n, xRow: xRow, xCol: xCol, yRow: yRow, yCol: yCol, alpha: c.Float("alpha", 1), beta: c.Float("beta", 1)}
	if c.Has(2) && g.beta != 0 {
		z := c.In[2]
		if shape := c.broadcast([]int{m, n}, z.Shape); z.Type != x.Type || len(shape) != 2 || shape[0] != m || shape[1] != n {
			c.Fail("input 2 is %v", z)
		}
		s := broadcastStrides(z.Shape, []int{m, n})
		g.add, g.zRow, g.zCol = true, s[0], s[1]
	}
	if x.Type == tensor.Float && y.Fixed && xCol == 1 && g.alpha == 1 && (!g.add || g.beta == 1 && g.zRow == 0 && g.zCol == 1) {
		packed := c.Once("packed", func() any { return gemm.Pack(slice[float32](y.Tensor), k, n, yRow, yCol) }).(*gemm.Packed[float32])
		c.Kernel = func(a *Args) error {
			var bias []float32
			if g.add {
				bias = slice[float32](a.In[2])
			}
			packed.Mul(slice[float32](a.Out[0]), n, slice[float32](a.In[0]), k, m, bias, gemm.None)
			return nil
		}
		return
	}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: gemmKernel[float32](g), f64: gemmKernel[float64](g), i32: gemmKernel[int32](g),
		i64: gemmKernel[int64](g), u32: gemmKernel[uint32](g), u64: gemmKernel[uint64](g)})
}

type gemmCall struct {
	m, k, n                            int
	xRow, xCol, yRow, yCol, zRow, zCol int
	alpha, beta                        float32
	add                                bool
}

func gemmKernel[T tensor.Number](g *gemmCall) Kernel {
	return func(a *Args) error {
		dst := slice[T](a.Out[0])
		product(dst, g.n, slice[T](a.In[0]), g.xRow, g.xCol, slice[T](a.In[1]), g.yRow, g.yCol, g.m, g.k, g.n)
		if g.alpha != 1 {
			for i, v := range dst {
				dst[i] = T(g.alpha * float32(v))
			}
		}
		if !g.add {
			return nil
		}
		z := slice[T](a.In[2])
		for i := range g.m {
			row := dst[i*g.n : (i+1)*g.n]
			for j := range row {
				if v := z[i*g.zRow+j*g.zCol]; g.beta == 1 {
					row[j] += v
				} else {
					row[j] += T(g.beta * float32(v))
				}
			}
		}
		return nil
	}
}
