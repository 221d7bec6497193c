package kernel

import (
	"fmt"
	"math"
)

// Tiles are some tiles of Winograd's F(2×2, 3×3), side by side, each of 4×4 pixels of an image
// and two pixels from the next: for the 2×2 pixels of a result. Transformed, a tile is a row of
// Channels elements in each of 16 planes. Distances are in elements.
type Tiles struct {
	Count, Channels int
	Of              int // how many channels the pixels of a result have; 0 if no others than Channels

	Line   int    // from one line of the image, or of the result, to the next
	Plane  int    // from one plane to the next
	Pixels [2]int // how many lines and columns of each result are wanted: 1 or 2
}

// WinogradIn transforms tiles of src, whose pixels are side by side, into the first rows of the
// planes of dst.
func WinogradIn(dst, src []float32, t Tiles) { t.in(active, dst, src) }

// WinogradOut transforms the first rows of the planes of src back, adds the bias, and rectifies the
// result if relu is set. dst must not overlap src.
func WinogradOut(dst, src, bias []float32, t Tiles, relu bool) { t.out(active, dst, src, bias, relu) }

func (t Tiles) check() {
	if t.Count < 1 || t.Channels < 1 || t.Of < 0 || t.Of > 0 && t.Of < t.Channels || min(t.Line, t.Plane) < 0 || t.Pixels[0] > 2 || t.Pixels[1] > 2 {
		panic(fmt.Sprintf("kernel: no such tiles: %+v", t))
	}
}

func (t Tiles) in(k isa, dst, src []float32) {
	t.check()
	n := t.Channels
	_ = src[3*t.Line+(2*t.Count+2)*n-1]
	_ = dst[15*t.Plane+t.Count*n-1]
	if k != generic {
		k.run(winogradIn, &call{dst: address(&dst[0]), src: address(&src[0]), n: n, mask: k.partial(n), count: t.Count,
			line: 4 * t.Line, pixel: 4 * n, step: 8 * n, next: 4 * n, plane: 4 * t.Plane})
		return
	}
	for i := range t.Count * n {
		at := i/n*2*n + i%n
		var d, x [4][4]float32
		for r := range d {
			for c := range d[r] {
				d[r][c] = src[at+r*t.Line+c*n]
			}
		}
		for c := range 4 {
			x[0][c], x[1][c], x[2][c], x[3][c] = winogradFour(d[0][c], d[1][c], d[2][c], d[3][c])
		}
		for r := range 4 {
			x[r][0], x[r][1], x[r][2], x[r][3] = winogradFour(x[r][0], x[r][1], x[r][2], x[r][3])
			for c, v := range x[r] {
				dst[(4*r+c)*t.Plane+i] = v
			}
		}
	}
}

// winogradFour is Bᵀ times a column.
func winogradFour(a, b, c, d float32) (w, x, y, z float32) { return a - c, b + c, c - b, b - d }

// winogradTwo is Aᵀ times a column.
func winogradTwo(a, b, c, d float32) (x, y float32) { return a + b + c, b - c - d }

func (t Tiles) out(k isa, dst, src, bias []float32, relu bool) {
	t.check()
	n, of := t.Channels, t.Of
	if of == 0 {
		of = n
	}
	_ = dst[(t.Pixels[0]-1)*t.Line+(2*t.Count-3+t.Pixels[1])*of+n-1]
	_ = src[15*t.Plane+t.Count*n-1]
	_ = bias[n-1]
	if k != generic {
		c := call{dst: address(&dst[0]), src: address(&src[0]), y: address(&bias[0]), n: n, mask: k.partial(n), count: t.Count,
			line: 4 * t.Line, pixel: 4 * of, step: 4 * n, next: 8 * of, plane: 4 * t.Plane, floor: float32(math.Inf(-1))}
		if relu {
			c.floor = 0
		}
		if t.Pixels[0] == 1 {
			c.line = 0
		}
		if t.Pixels[1] == 1 {
			c.pixel = 0
		}
		k.run(winogradOut, &c)
		return
	}
	for i := range t.Count * n {
		at := i/n*2*of + i%n
		var x [2][4]float32
		for c := range 4 {
			m := func(r int) float32 { return src[(4*r+c)*t.Plane+i] }
			x[0][c], x[1][c] = winogradTwo(m(0), m(1), m(2), m(3))
		}
		for r := range t.Pixels[0] {
			var y [2]float32
			y[0], y[1] = winogradTwo(x[r][0], x[r][1], x[r][2], x[r][3])
			for c := range t.Pixels[1] {
				v := y[c] + bias[i%n]
				if relu && v < 0 {
					v = 0
				}
				dst[at+r*t.Line+c*of] = v
			}
		}
	}
}
