package gemm

import (
	"fmt"
	"math/bits"
	"unsafe"
)

// checkMatrix panics unless a strided rows × cols matrix lies within x.
func checkMatrix[T Element | int8](x []T, rows, cols, rowStride, colStride int) {
	if rows < 0 || cols < 0 || rowStride < 0 || colStride < 0 {
		panic(fmt.Sprintf("gemm: negative argument: %d × %d with strides %d and %d", rows, cols, rowStride, colStride))
	}
	if rows == 0 || cols == 0 {
		return
	}
	if rest := len(x) - 1; !fits(&rest, rows-1, rowStride) || !fits(&rest, cols-1, colStride) {
		panic(fmt.Sprintf("gemm: %d × %d with strides %d and %d does not fit %d elements", rows, cols, rowStride, colStride, len(x)))
	}
}

// fits takes steps·stride, neither of them negative, from rest and reports whether
// anything is left. It divides only where the product could overflow.
func fits(rest *int, steps, stride int) bool {
	const half = 1 << (bits.UintSize/2 - 1)
	if *rest < 0 || (steps >= half || stride >= half) && stride > 0 && steps > *rest/stride {
		return false
	}
	if steps*stride > *rest {
		return false
	}
	*rest -= steps * stride
	return true
}

// checkRows panics unless m rows of the given length lie within x, one stride
// apart and not on top of each other.
func checkRows[T Element](name string, x []T, stride, m, length int) {
	if m > 1 && stride < length {
		panic(fmt.Sprintf("gemm: ld%s is %d, shorter than a row of %d", name, stride, length))
	}
	if rest := len(x) - length; m > 0 && !fits(&rest, m-1, stride) {
		panic(fmt.Sprintf("gemm: %s has %d elements, too few for %d rows of %d at ld%s %d", name, len(x), m, length, name, stride))
	}
}

// checkBias panics if there is a bias of another length.
func checkBias[T Element](bias []T, n int) {
	if bias != nil && len(bias) != n {
		panic(fmt.Sprintf("gemm: bias has %d elements, want %d", len(bias), n))
	}
}

// checkGrid panics unless every row's every segment lies within x.
func checkGrid[T Element](x []T, g *Grid, segs []int32, length int) {
	if min(g.Images, g.Height, g.Width, g.Image, g.Line, g.Pixel) < 0 {
		panic(fmt.Sprintf("gemm: negative argument: %+v", *g))
	}
	if g.rows() == 0 {
		return
	}
	low, high := segs[0], segs[0]
	for _, s := range segs {
		low, high = min(low, s), max(high, s)
	}
	if low < 0 {
		panic(fmt.Sprintf("gemm: negative offset %d of a segment", low))
	}
	rest := len(x) - length - int(high)
	if rest < 0 || !fits(&rest, g.Images-1, g.Image) || !fits(&rest, g.Height-1, g.Line) || !fits(&rest, g.Width-1, g.Pixel) {
		panic(fmt.Sprintf("gemm: a has %d elements, too few for %+v with segments of %d up to %d", len(x), *g, length, high))
	}
}

// checkApart panics when the extent of C, from its first to its last element,
// meets another operand's. Rows interleaved in one extent count as overlapping.
func (j *job[T]) checkApart() {
	c := j.c[:(j.m-1)*j.ldc+j.p.n]
	apart("a", c, j.a)
	apart("b", c, j.p.panels)
	apart("bias", c, j.bias)
}

// apart panics when c and the named operand share memory.
func apart[T Element](name string, c, x []T) {
	if overlap(c, x) {
		panic(fmt.Sprintf("gemm: c (%d elements at %#x) overlaps %s (%d elements at %#x)",
			len(c), address(c), name, len(x), address(x)))
	}
}

// overlap reports whether two slices share memory.
func overlap[T Element](x, y []T) bool {
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	x0, y0 := address(x), address(y)
	size := uintptr(sizeOf[T]())
	return x0 < y0+uintptr(len(y))*size && y0 < x0+uintptr(len(x))*size
}

// address is where a slice begins. As a number it does not make x escape.
func address[T Element](x []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }
