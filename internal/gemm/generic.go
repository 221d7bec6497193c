package gemm

import (
	"unsafe"

	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// portable computes row by row: a row of C is its bias plus the rows of B, each
// scaled by one element of A. The scaled addition is vectorised where the
// library has the instructions (NEON, SSE2) and a plain loop elsewhere. It
// takes each element's terms in the order of K, as the micro-kernels do, but
// may round the product before it is added.
func (j *job[T]) portable() {
	at := j.grid.place(0)
	for i := range j.m {
		c := j.c[i*j.ldc:][:j.p.n]
		if j.bias != nil {
			copy(c, j.bias)
		} else {
			clear(c)
		}
		b := j.p.panels
		for _, s := range j.segs {
			b = addRows(c, j.a[at.at+int(s):][:j.segLen], b, j.p.width)
		}
		if j.act == ReLU {
			relu(c)
		}
		j.grid.next(&at)
	}
}

// addRows adds the leading rows of b, of so many elements, of which those of c come first, scaled by the elements
// of a, to c, and returns the rows that remain.
func addRows[T Element](c, a, b []T, width int) []T {
	for _, x := range a {
		addScaled(hide(c), x, hide(b[:len(c):len(c)]))
		b = b[width:]
	}
	return b
}

// addScaled adds x·b to c, which are as long.
func addScaled[T Element](c []T, x T, b []T) {
	switch c := any(c).(type) {
	case []float32:
		f32.AddScaled(c, float32(x), any(b).([]float32))
	case []float64:
		f64.AddScaled(c, float64(x), any(b).([]float64))
	case []int32:
		for i, y := range any(b).([]int32) {
			c[i] += dotBytes(int32(x), y)
		}
	}
}

// hide returns x in a way that escape analysis cannot follow. The library
// calls through function variables, which the compiler must take to keep what
// they get: every caller's C would move to the heap, on all machines, though
// nothing keeps it.
func hide[T Element](x []T) []T {
	header := struct {
		data     uintptr
		len, cap int
	}{address(x), len(x), cap(x)}
	return *(*[]T)(unsafe.Pointer(&header))
}
