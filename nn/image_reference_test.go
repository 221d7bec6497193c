package nn_test

import (
	"math"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// The references for images: batch×height×width×channels in float64, from the
// formulas in the documentation, with a bounds check where the layers pad.

// images is an array in float64.
type images struct {
	n, h, w, c int
	v          []float64
}

func newImages(n, h, w, c int) images { return images{n, h, w, c, make([]float64, n*h*w*c)} }

func toImages(x nn.Tensor) images {
	m := newImages(x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3))
	for i, v := range x.Heap().Data() {
		m.v[i] = float64(v)
	}
	return m
}

func (m images) at(n, y, x, c int) *float64 { return &m.v[((n*m.h+y)*m.w+x)*m.c+c] }

// each calls fn for every element of the image that is under the window at (y, x)
// and every channel of it, with the element's place in the window.
func (m images) each(w nn.Window, n, y, x int, fn func(r, s, c int, v float64)) {
	for r := range w.Size[0] {
		for s := range w.Size[1] {
			i := y*w.Stride[0] + r*w.Dilation[0] - w.Padding[0]
			j := x*w.Stride[1] + s*w.Dilation[1] - w.Padding[1]
			if i < 0 || i >= m.h || j < 0 || j >= m.w {
				continue
			}
			for c := range m.c {
				fn(r, s, c, *m.at(n, i, j, c))
			}
		}
	}
}

// places counts the positions of a window by moving it.
func places(size, stride, padding, dilation, length int) (n int) {
	for at := -padding; at+(size-1)*dilation < length+padding; at += stride {
		n++
	}
	return n
}

// over returns the zeroed output of a window over m.
func (m images) over(w nn.Window, channels int) images {
	return newImages(m.n,
		places(w.Size[0], w.Stride[0], w.Padding[0], w.Dilation[0], m.h),
		places(w.Size[1], w.Stride[1], w.Padding[1], w.Dilation[1], m.w), channels)
}

// pixels calls fn for each pixel.
func (m images) pixels(fn func(n, y, x int)) {
	for n := range m.n {
		for y := range m.h {
			for x := range m.w {
				fn(n, y, x)
			}
		}
	}
}

// convReference is Conv2D; weight is out×in×height×width. Nil bias is none.
func convReference(m images, w nn.Window, weight nn.Tensor, bias *nn.Tensor) images {
	y := m.over(w, weight.Dim(0))
	y.pixels(func(n, i, j int) {
		for o := range weight.Dim(0) {
			sum := 0.0
			if bias != nil {
				sum = float64(bias.At(o))
			}
			m.each(w, n, i, j, func(r, s, c int, v float64) { sum += v * float64(weight.At(o, c, r, s)) })
			*y.at(n, i, j, o) = sum
		}
	})
	return y
}

func maxPoolReference(m images, w nn.Window) images {
	y := m.over(w, m.c)
	for i := range y.v {
		y.v[i] = math.Inf(-1)
	}
	y.pixels(func(n, i, j int) {
		m.each(w, n, i, j, func(_, _, c int, v float64) { *y.at(n, i, j, c) = math.Max(*y.at(n, i, j, c), v) })
	})
	return y
}

func avgPoolReference(m images, w nn.Window, excludePadding bool) images {
	y := m.over(w, m.c)
	y.pixels(func(n, i, j int) {
		count := make([]float64, m.c)
		m.each(w, n, i, j, func(_, _, c int, v float64) { *y.at(n, i, j, c) += v; count[c]++ })
		for c := range m.c {
			if !excludePadding {
				count[c] = float64(w.Size[0] * w.Size[1])
			}
			*y.at(n, i, j, c) /= count[c]
		}
	})
	return y
}

// normReference is BatchNorm over the last axis.
func normReference(v []float64, p []nn.Parameter, eps float64) []float64 {
	out := make([]float64, len(v))
	channels := p[0].Value.Len()
	for i := range v {
		at := func(k int) float64 { return float64(p[k].Value.At(i % channels)) }
		out[i] = (v[i]-at(2))/math.Sqrt(at(3)+eps)*at(0) + at(1)
	}
	return out
}

func reluReference(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = math.Max(v[i], 0)
	}
	return out
}

// float64s is x as a reference takes it.
func float64s(x nn.Tensor) []float64 {
	return allocarray.Convert[float64](bg, x).Clone(bg).Data()
}

// randomConv returns a convolution with normally distributed weights.
func randomConv(name string, in, out int, w nn.Window) *nn.Conv2D {
	c := nn.NewConv2D(name, in, out, w)
	randomize(c)
	return c
}

// randomNorm returns a normalisation with variances from 0.5 on.
func randomNorm(name string, channels int) *nn.BatchNorm {
	b := nn.NewBatchNorm(name, channels, 1e-5)
	randomize(b)
	positive(b)
	return b
}

// positive makes the variances among the parameters of m possible ones.
func positive(m nn.Parametric) {
	for _, p := range m.Parameters() {
		if isVariance(p.Name) {
			allocarray.AbsInto(p.Value, p.Value)
			allocarray.AddScalarInto(p.Value, p.Value, 0.5)
		}
	}
	m.ParametersChanged()
}
