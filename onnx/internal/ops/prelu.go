package ops

import "github.com/allocarrays/allocarrays-go/onnx/internal/tensor"

func init() {
	register("PRelu", prelu, 1, 6, 7, 9, 16)
}

// prelu multiplies negative elements by slopes. Before opset 7 they belong to the channels, axis 1.
func prelu(c *Call) {
	x, s := c.Input(0), c.Input(1)
	if s.Type != x.Type {
		c.Fail("inputs %v and %v", x, s)
	}
	slopes := s.Shape
	if c.Opset < 7 && len(slopes) == 1 && x.Rank() > 1 {
		for range x.Rank() - 2 {
			slopes = append(slopes[:len(slopes):len(slopes)], 1)
		}
	}
	if shape := c.broadcast(x.Shape, slopes); !equal(shape, x.Shape) {
		c.Fail("slopes %v for %v", s, x)
	}
	unary(c)
	w := newWalk(x.Shape, rowMajor(x.Shape), broadcastStrides(slopes, x.Shape))
	c.Kernel = forNumbers(c, x.Type, kernels{f32: preluKernel[float32](w), f64: preluKernel[float64](w), i32: preluKernel[int32](w),
		i64: preluKernel[int64](w), u32: preluKernel[uint32](w), u64: preluKernel[uint64](w)})
}

func preluKernel[T tensor.Number](w *walk) Kernel {
	return func(a *Args) error {
		dst, x, slopes := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1])
		w.each(func(at [4]int) {
			d, row, j := dst[at[0]:at[0]+w.n], x[at[0]:at[0]+w.n], at[1]
			if w.step[1] == 0 {
				s := slopes[j]
				for i, v := range row {
					p := v
					if v < 0 {
						p = v * s
					}
					d[i] = p
				}
				return
			}
			for i, v := range row {
				p := v
				if v < 0 {
					p = v * slopes[j]
				}
				d[i] = p
				j += w.step[1]
			}
		})
		return nil
	}
}
