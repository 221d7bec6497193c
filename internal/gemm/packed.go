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
const slack = alignment/4 - 1

// A Packed is a matrix B of K × N elements in the order in which the
// micro-kernels read it; see the package comment. It is immutable, so any
// number of goroutines may multiply by it at once.
type Packed struct {
	panels     []float32 // whole panels, the last one padded with zeros
	k, n       int
	width      int // columns of a panel
	panelCount int
	kernel     kernel
}

// Pack copies B into panels on the Go heap. Element (r, c) of B is
// b[r*rowStride+c*colStride]: a row-major [K, N] matrix has strides (N, 1), a
// dense layer's [out, in] weights, whose transpose is wanted, have (1, in). A
// matrix that does not fit b, or a negative argument, panics.
func Pack(b []float32, k, n, rowStride, colStride int) *Packed {
	p := PackInto(make([]float32, PackedLen(k, n)), b, k, n, rowStride, colStride)
	return &p
}

// PackInto is Pack into memory of the caller's, for a B that is used once. It
// allocates nothing. dst needs PackedLen(k, n) elements, else it panics; it
// must not overlap b, and belongs to the result for as long as that is used.
func PackInto(dst, b []float32, k, n, rowStride, colStride int) Packed {
	checkMatrix(b, k, n, rowStride, colStride)
	if need := PackedLen(k, n); len(dst) < need {
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
func PackedLen(k, n int) int { return active.packedLen(k, n) }

// K returns the number of rows of B.
func (p *Packed) K() int { return p.k }

// N returns the number of columns of B.
func (p *Packed) N() int { return p.n }

// packedLen is PackedLen for one kernel.
func (k kernel) packedLen(rows, n int) int {
	if rows < 0 || n < 0 {
		panic(fmt.Sprintf("gemm: negative dimension in %d × %d", rows, n))
	}
	if n == 0 || rows == 0 {
		return 0
	}
	w := k.width(n)
	if n > math.MaxInt-w || (n+w-1)/w*w > (math.MaxInt/4-slack)/rows {
		panic(fmt.Sprintf("gemm: %d × %d elements do not fit the address space", rows, n))
	}
	return (n+w-1)/w*w*rows + slack
}

// newPacked aligns dst, which has packedLen elements or more.
func newPacked(with kernel, dst []float32, k, n int) Packed {
	p := Packed{k: k, n: n, kernel: with}
	need := with.packedLen(k, n)
	if need == 0 {
		return p
	}
	p.width = with.width(n)
	p.panelCount = (n + p.width - 1) / p.width
	skip := -int(uintptr(unsafe.Pointer(&dst[0]))) & (alignment - 1) / 4
	need -= slack
	p.panels = dst[skip : skip+need : skip+need]
	return p
}

// fill copies B into the panels and zeroes the padding.
func (p *Packed) fill(b []float32, rowStride, colStride int) {
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
func fillRows(panel, b []float32, w, cols, rowStride int) {
	for r := 0; r*w < len(panel); r++ {
		row := panel[r*w:][:w]
		copy(row, b[r*rowStride:][:cols])
		clear(row[cols:])
	}
}

// fillElements fills one panel from elements at any stride.
func fillElements(panel, b []float32, w, cols, rowStride, colStride int) {
	for r := 0; r*w < len(panel); r++ {
		row := panel[r*w:][:w]
		for c := range cols {
			row[c] = b[r*rowStride+c*colStride]
		}
		clear(row[cols:])
	}
}
