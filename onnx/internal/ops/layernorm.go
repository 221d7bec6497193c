package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Normalisations of rows: by mean and variance, by the root of the mean square, by a norm.

func init() {
	register("LayerNormalization", layerNorm, 17)
	register("RMSNormalization", rmsNorm, 23)
	register("InstanceNormalization", instanceNorm, 1, 6, 22)
	register("GroupNormalization", groupNorm(true), 18)
	register("GroupNormalization", groupNorm(false), 21)
	register("LpNormalization", lpNorm, 1, 22)
	register("MeanVarianceNormalization", meanVariance, 9, 13)
}

// normRows is the normalisation of rows of n elements. Each element is multiplied by an element of the scale, and
// one of the bias is added: the walk goes over one row of output, scale and bias.
type normRows struct {
	n       int
	w       *walk
	rms     bool
	epsilon float64
}

// trailing checks that a parameter can be repeated to the axes from axis on, and returns its strides there.
func (c *Call) trailing(i, axis int) []int {
	x, p := c.In[0], c.Input(i)
	if p.Type != x.Type {
		c.Unsupported("input %d of type %v for %v", i, p.Type, x)
	}
	row := x.Shape[axis:]
	if shape := c.broadcast(row, p.Shape); !equal(shape, row) {
		c.Fail("input %d is %v, to be repeated to %s", i, p, tensor.ShapeText(row))
	}
	return broadcastStrides(p.Shape, row)
}

func normalizeRows(c *Call, rms bool) (*normRows, int) {
	x := c.Input(0)
	axis := c.Axis(c.Int("axis", -1), x.Rank())
	c.Declare(0, x.Type, x.Shape...)
	c.InPlace(0, 0)
	row := x.Shape[axis:]
	scale, bias := c.trailing(1, axis), make([]int, len(row))
	if !rms && c.Has(2) {
		bias = c.trailing(2, axis)
	}
	return &normRows{tensor.Count(row), newWalk(row, rowMajor(row), scale, bias), rms, float64(c.Float("epsilon", 1e-5))}, axis
}

func layerNorm(c *Call) {
	r, axis := normalizeRows(c, false)
	x := c.In[0]
	shape := append([]int{}, x.Shape...)
	for i := axis; i < len(shape); i++ {
		shape[i] = 1
	}
	stats := tensor.Type(c.Int("stash_type", 1))
	if (c.Wants(1) || c.Wants(2)) && stats != tensor.Float {
		c.Unsupported("attribute \"stash_type\" %d", stats)
	}
	if c.Wants(1) || c.Wants(2) {
		c.Declare(1, tensor.Float, shape...)
		c.Declare(2, tensor.Float, shape...)
	} else if full := c.In[1].Len() == r.n && (!c.Has(2) || c.In[2].Len() == r.n); full && x.Type == tensor.Float && r.n > 0 {
		bias, n := make([]float32, r.n), r.n // for none
		rows := func(a *Args, _ []float32, from, to int) {
			b := bias
			if v := argument(a, 2); v != nil {
				b = slice[float32](v)
			}
			kernel.NormalizeRows(slice[float32](a.Out[0])[from*n:to*n], slice[float32](a.In[0])[from*n:to*n], slice[float32](a.In[1]), b, float32(r.epsilon))
		}
		c.Kernel = func(a *Args) error {
			count := a.In[0].Len()
			a.divide(count/n, float64(count)*perElement, 0, rows)
			return nil
		}
		return
	}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: normRowsKernel[float32](r), f64: normRowsKernel[float64](r)})
}

// NormalizeRows returns the kernel of a LayerNormalization of rows as long as weight and bias.
func NormalizeRows(weight, bias []float32, epsilon float32) Kernel {
	n := len(weight)
	rows := func(a *Args, _ []float32, from, to int) {
		kernel.NormalizeRows(slice[float32](a.Out[0])[from*n:to*n], slice[float32](a.In[0])[from*n:to*n], weight, bias, epsilon)
	}
	return func(a *Args) error {
		count := a.In[0].Len()
		a.divide(count/n, float64(count)*perElement, 0, rows)
		return nil
	}
}

func rmsNorm(c *Call) {
	r, _ := normalizeRows(c, true)
	c.Kernel = forNumbers(c, c.In[0].Type, kernels{f32: normRowsKernel[float32](r), f64: normRowsKernel[float64](r)})
}

func normRowsKernel[T kernel.Float](r *normRows) Kernel {
	return func(a *Args) error {
		dst, x, scale := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1])
		var bias []T
		if v := argument(a, 2); v != nil && !r.rms {
			bias = slice[T](v)
		}
		for i := 0; len(dst) > 0; i++ {
			d, row := dst[:r.n], x[:r.n]
			mean, factor := moments(row, r.epsilon, r.rms)
			r.w.each(func(at [4]int) {
				for range r.w.n {
					v := T((float64(row[at[0]]) - mean) * factor * float64(scale[at[1]]))
					if bias != nil {
						v += bias[at[2]]
					}
					d[at[0]] = v
					for j := range at[:3] {
						at[j] += r.w.step[j]
					}
				}
			})
			if len(a.Out) > 1 && a.Out[1] != nil {
				slice[float32](a.Out[1])[i] = float32(mean)
			}
			if len(a.Out) > 2 && a.Out[2] != nil {
				slice[float32](a.Out[2])[i] = float32(factor)
			}
			dst, x = dst[r.n:], x[r.n:]
		}
		return nil
	}
}

// moments returns the mean of a row and one over its standard deviation; or 0 and one over the root of the mean
// square.
func moments[T kernel.Float](row []T, epsilon float64, rms bool) (mean, factor float64) {
	if !rms {
		for _, v := range row {
			mean += float64(v)
		}
		mean /= float64(len(row))
	}
	sum := 0.0
	for _, v := range row {
		d := float64(v) - mean
		sum += d * d
	}
	return mean, 1 / math.Sqrt(sum/float64(len(row))+epsilon)
}

// grouped normalises groups of channels. Scale and bias have an element for each channel, or each group.
type grouped struct {
	groups, channels, pixels int // groups of a picture, channels of a group
	perGroup                 bool
	epsilon                  float64
}

func instanceNorm(c *Call) {
	x := images(c)
	normalizeGroups(c, &grouped{groups: x.Shape[1], channels: 1})
}

func groupNorm(perGroup bool) func(*Call) {
	return func(c *Call) {
		x := images(c)
		n := c.Int("num_groups", 0)
		if n <= 0 || x.Shape[1]%n != 0 {
			c.Fail("%d groups of %v", n, x)
		}
		normalizeGroups(c, &grouped{groups: n, channels: x.Shape[1] / n, perGroup: perGroup})
	}
}

func normalizeGroups(c *Call, g *grouped) {
	x := c.In[0]
	unary(c)
	parameters := g.groups * g.channels
	if g.perGroup {
		parameters = g.groups
	}
	for i := 1; i < 3; i++ {
		if p := c.Input(i); p.Type != x.Type || !equal(p.Shape, []int{parameters}) {
			c.Fail("input %d is %v for %v", i, p, x)
		}
	}
	g.pixels, g.epsilon = tensor.Count(x.Shape[2:]), float64(c.Float("epsilon", 1e-5))
	c.Kernel = forNumbers(c, x.Type, kernels{f32: groupKernel[float32](g), f64: groupKernel[float64](g)})
}

func groupKernel[T kernel.Float](g *grouped) Kernel {
	return func(a *Args) error {
		dst, x, scale, bias := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.In[2])
		n := g.channels * g.pixels
		for i := 0; len(dst) > 0; i++ {
			group := i % g.groups
			mean, factor := moments(x[:n], g.epsilon, false)
			for ch := range g.channels {
				p := group*g.channels + ch
				if g.perGroup {
					p = group
				}
				f := factor * float64(scale[p])
				d := dst[ch*g.pixels : (ch+1)*g.pixels]
				for j, v := range x[ch*g.pixels : (ch+1)*g.pixels] {
					d[j] = T((float64(v)-mean)*f) + bias[p]
				}
			}
			dst, x = dst[n:], x[n:]
		}
		return nil
	}
}

func lpNorm(c *Call) {
	x := unary(c)
	if x.Rank() == 0 {
		c.Fail("input 0 is a scalar")
	}
	p := c.Int("p", 2)
	if p != 1 && p != 2 {
		c.Unsupported("attribute \"p\" %d", p)
	}
	r := alongAxis(x.Shape, c.Axis(c.Int("axis", -1), x.Rank()))
	c.Kernel = forNumbers(c, x.Type, kernels{f32: lpNormKernel[float32](r, p), f64: lpNormKernel[float64](r, p)})
}

func lpNormKernel[T kernel.Float](r along, p int) Kernel {
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		for o := range r.outer {
			for i := range r.inner {
				first, sum := o*r.n*r.inner+i, 0.0
				for k := range r.n {
					if v := math.Abs(float64(x[first+k*r.inner])); p == 1 {
						sum += v
					} else {
						sum += v * v
					}
				}
				if p == 2 {
					sum = math.Sqrt(sum)
				}
				for k := range r.n {
					v := x[first+k*r.inner]
					if sum != 0 {
						v = T(float64(v) / sum)
					}
					dst[first+k*r.inner] = v
				}
			}
		}
		return nil
	}
}

// meanVariance subtracts the mean over some axes and divides by the standard deviation.
func meanVariance(c *Call) {
	x := c.Input(0)
	axes, ok := c.Ints("axes")
	if !ok {
		axes = []int{0, 2, 3}
	}
	c.Declare(0, x.Type, x.Shape...)
	full, n := append([]int{}, x.Shape...), 1
	for _, axis := range c.Axes(axes, x.Rank()) {
		n *= x.Shape[axis]
		full[axis] = 1
	}
	w, groups := newWalk(x.Shape, rowMajor(x.Shape), broadcastStrides(full, x.Shape)), tensor.Count(full)
	c.Work = 16 * groups
	c.Kernel = forNumbers(c, x.Type, kernels{f32: meanVarianceKernel[float32](w, groups, n), f64: meanVarianceKernel[float64](w, groups, n)})
}

func meanVarianceKernel[T kernel.Float](w *walk, groups, n int) Kernel {
	return func(a *Args) error {
		dst, x, sums := slice[T](a.Out[0]), slice[T](a.In[0]), tensor.As[float64](a.Work)
		means, squares := sums[:groups], sums[groups:]
		clear(sums)
		w.each(func(at [4]int) {
			for i := range w.n {
				means[at[1]+i*w.step[1]] += float64(x[at[0]+i]) / float64(n)
			}
		})
		w.each(func(at [4]int) {
			for i := range w.n {
				g := at[1] + i*w.step[1]
				d := float64(x[at[0]+i]) - means[g]
				squares[g] += d * d / float64(n)
			}
		})
		w.each(func(at [4]int) {
			for i := range w.n {
				g := at[1] + i*w.step[1]
				dst[at[0]+i] = T((float64(x[at[0]+i]) - means[g]) / (math.Sqrt(squares[g]) + 1e-9))
			}
		})
		return nil
	}
}
