package gemm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// A conv is a two-dimensional convolution of one padded image [h, w, cin] with
// a filter [kh, kw, cin, cout].
type conv struct{ h, w, cin, kh, kw, cout, stride, dilation int }

func (v conv) out() (h, w int) {
	return (v.h-(v.kh-1)*v.dilation-1)/v.stride + 1, (v.w-(v.kw-1)*v.dilation-1)/v.stride + 1
}

// offsets is the recipe in the documentation of MulGrid.
func (v conv) offsets() (g gemm.Grid, segs []int32) {
	oh, ow := v.out()
	g = gemm.Grid{Images: 1, Height: oh, Width: ow, Line: v.stride * v.w * v.cin, Pixel: v.stride * v.cin}
	for r := range v.kh {
		if v.dilation == 1 {
			segs = append(segs, int32(r*v.w*v.cin))
			continue
		}
		for s := range v.kw {
			segs = append(segs, int32((r*v.w+s)*v.dilation*v.cin))
		}
	}
	return g, segs
}

// im2col writes the rows of A out, by the definition of the convolution.
func im2col[T number](v conv, x []T) (a []T) {
	oh, ow := v.out()
	for i := range oh * ow {
		for l := range v.kh * v.kw * v.cin {
			y := i/ow*v.stride + l/(v.kw*v.cin)*v.dilation
			col := i%ow*v.stride + l/v.cin%v.kw*v.dilation
			a = append(a, x[(y*v.w+col)*v.cin+l%v.cin])
		}
	}
	return a
}

// problemOf is the convolution as a product of gathered rows.
func problemOf[T number](v conv) (p *problem[T], image []T, g gemm.Grid, segs []int32) {
	g, segs = v.offsets()
	image = floats[T](v.h * v.w * v.cin)
	p = newProblem[T](g.Height*g.Width, v.kh*v.kw*v.cin, v.cout, 0, 3, 2, true, gemm.ReLU)
	p.a = im2col(v, image)
	return p, image, g, segs
}

var convs = map[string]conv{
	"first layer":    {h: 12, w: 13, cin: 1, kh: 3, kw: 3, cout: 8, stride: 1, dilation: 1},
	"colour":         {h: 9, w: 11, cin: 3, kh: 5, kw: 5, cout: 17, stride: 2, dilation: 1},
	"deep":           {h: 6, w: 6, cin: 64, kh: 3, kw: 3, cout: 33, stride: 1, dilation: 1},
	"very deep":      {h: 5, w: 4, cin: 300, kh: 2, kw: 3, cout: 20, stride: 1, dilation: 1},
	"dilated":        {h: 11, w: 11, cin: 5, kh: 3, kw: 3, cout: 40, stride: 1, dilation: 2},
	"pointwise":      {h: 7, w: 7, cin: 37, kh: 1, kw: 1, cout: 5, stride: 2, dilation: 1},
	"one pixel":      {h: 3, w: 3, cin: 16, kh: 3, kw: 3, cout: 70, stride: 1, dilation: 1},
	"many segments":  {h: 15, w: 14, cin: 9, kh: 11, kw: 7, cout: 16, stride: 1, dilation: 1},
	"dilated, large": {h: 30, w: 30, cin: 48, kh: 5, kw: 5, cout: 32, stride: 3, dilation: 3},
}

func testMulGridConvolution[T number](t *testing.T) {
	for name, v := range convs {
		t.Run(name, func(t *testing.T) {
			eachISA(t, func(t *testing.T, isa string) {
				p, image, g, segs := problemOf[T](v)
				p.pack(isa).MulGrid(p.c, p.ldc, image, g, segs, p.bias, p.act)
				p.check(t, isa)
			})
		})
	}
}

func TestMulGridNone(t *testing.T) {
	p := gemm.Pack(floats[float32](12), 6, 2, 2, 1)
	require.NotPanics(t, func() { p.MulGrid(nil, 2, nil, gemm.Grid{}, []int32{0, 3}, nil, gemm.None) })
}

// TestMulGridImages: the rows of several images, of several lines each, are those of the
// images one by one.
func TestMulGridImages(t *testing.T) {
	v := conv{h: 6, w: 7, cin: 5, kh: 3, kw: 3, cout: 20, stride: 1, dilation: 1}
	g, segs := v.offsets()
	const images = 9
	size, out := v.h*v.w*v.cin, g.Height*g.Width*v.cout
	x, b := floats[float32](images*size), floats[float32](45*v.cout)
	eachISA(t, func(t *testing.T, isa string) {
		p := gemm.PackWith(isa, b, 45, v.cout, v.cout, 1)
		all := make([]float32, images*out)
		every := g
		every.Images, every.Image = images, size
		p.MulGrid(all, v.cout, x, every, segs, nil, gemm.None)
		for n := range images {
			one := make([]float32, out)
			p.MulGrid(one, v.cout, x[n*size:][:size], g, segs, nil, gemm.None)
			require.Equal(t, one, all[n*out:][:out])
		}
	})
}
