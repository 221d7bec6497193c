package gemm

import (
	"fmt"
	"math"
	"unsafe"
)

// alignment is that of the first panel, in bytes: one cache line, and one
// AVX-512 vector, so that no load of B crosses a line.
const alignment = 64

// slack is what alignment can cost, in elements.
func slack[T Element]() int { return alignment/sizeOf[T]() - 1 }

// A Packed is a matrix B of K × N elements in the order in which the
// micro-kernels read it; see the package comment. It is immutable, so any
// number of goroutines may multiply by it at once.
type Packed[T Element] struct {
	panels     []T // whole panels, the last one padded with zeros
	k, n       int
	width      int // columns of a panel
	panelCount int
	kernel     kernel
}

// Pack copies B into panels on the Go heap. Element (r, c) of B is
// b[r*rowStride+c*colStride]: a row-major [K, N] matrix has strides (N, 1), a
// dense layer's [out, in] weights, whose transpose is wanted, have (1, in). A
// matrix that does not fit b, or a negative argument, panics.
func Pack[T Element](b []T, k, n, rowStride, colStride int) *Packed[T] {
	p := PackInto(make([]T, PackedLen[T](k, n)), b, k, n, rowStride, colStride)
	return &p
}

// PackInto is Pack into memory of the caller's, for a B that is used once. It
// allocates nothing. dst needs PackedLen(k, n) elements, else it panics; it
// must not overlap b, and belongs to the result for as long as that is used.
func PackInto[T Element](dst, b []T, k, n, rowStride, colStride int) Packed[T] {
	checkMatrix(b, k, n, rowStride, colStride)
	if need := PackedLen[T](k, n); len(dst) < need {
		panic(fmt.Sprintf("gemm: %d elements to pack %d × %d into, want %d", len(dst), k, n, need))
	}
	if overlap(dst, b) {
		panic(fmt.Sprintf("gemm: packing %d × %d into memory that overlaps the matrix", k, n))
	}
	p := newPacked(active, dst, k, n)
	p.fill(b, rowStride, colStride)
	return p
}

// PackedLen returns the number of elements PackInto needs for a K × N matrix.
func PackedLen[T Element](k, n int) int { return packedLen[T](active, k, n) }

// K returns the number of rows of B.
func (p *Packed[T]) K() int { return p.k }

// N returns the number of columns of B.
func (p *Packed[T]) N() int { return p.n }

// packedLen is PackedLen for one kernel.
func packedLen[T Element](with kernel, rows, n int) int {
	if rows < 0 || n < 0 {
		panic(fmt.Sprintf("gemm: negative dimension in %d × %d", rows, n))
	}
	if n == 0 || rows == 0 {
		return 0
	}
	w := width[T](with, n)
	if n > math.MaxInt-w || (n+w-1)/w*w > (math.MaxInt/sizeOf[T]()-slack[T]())/rows {
		panic(fmt.Sprintf("gemm: %d × %d elements do not fit the address space", rows, n))
	}
	return (n+w-1)/w*w*rows + slack[T]()
}

// newPacked aligns dst, which has packedLen elements or more.
func newPacked[T Element](with kernel, dst []T, k, n int) Packed[T] {
	p := Packed[T]{k: k, n: n, kernel: with}
	need := packedLen[T](with, k, n)
	if need == 0 {
		return p
	}
	p.width = width[T](with, n)
	p.panelCount = (n + p.width - 1) / p.width
	skip := -int(uintptr(unsafe.Pointer(&dst[0]))) & (alignment - 1) / sizeOf[T]()
	need -= slack[T]()
	p.panels = dst[skip : skip+need : skip+need]
	return p
}

// fill copies B into the panels and zeroes the padding.
func (p *Packed[T]) fill(b []T, rowStride, colStride int) {
	if len(p.panels) == 0 {
		return
	}
	w := p.width
	for j := 0; j < p.n; j += w {
		panel := p.panels[j*p.k:][: w*p.k : w*p.k]
		cols := min(w, p.n-j)
		if colStride == 1 {
			fillRows(panel, b[j:], w, cols, rowStride)
		} else {
			fillElements(panel, b[j*colStride:], w, cols, rowStride, colStride)
		}
	}
}

// fillRows fills one panel from contiguous rows.
func fillRows[T Element](panel, b []T, w, cols, rowStride int) {
	if size := sizeOf[T](); cols == w && w*size%alignment == 0 {
		fillLines(panel, b, w, rowStride)
		return
	}
	for r := 0; r*w < len(panel); r++ {
		row := panel[r*w:][:w]
		copy(row, b[r*rowStride:][:cols])
		clear(row[cols:])
	}
}

// fillLines is fillRows for rows that are whole cache lines, which the compiler
// copies in a few instructions; copy is a call, and takes as long again.
func fillLines[T Element](panel, b []T, w, rowStride int) {
	type line [alignment]byte
	step := alignment / sizeOf[T]()
	for r := 0; r*w < len(panel); r++ {
		to, from := panel[r*w:][:w], b[r*rowStride:][:w]
		for i := 0; i < w; i += step {
			// step elements of both, or more, are left; and they are a line's bytes.
			*(*line)(unsafe.Pointer(&to[i])) = *(*line)(unsafe.Pointer(&from[i]))
		}
	}
}

// fillElements fills one panel from elements at any stride.
func fillElements[T Element](panel, b []T, w, cols, rowStride, colStride int) {
	for r := 0; r*w < len(panel); r++ {
		row := panel[r*w:][:w]
		for c := range cols {
			row[c] = b[r*rowStride+c*colStride]
		}
		clear(row[cols:])
	}
}
