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
	isa        isa
}

// Pack copies B into panels on the Go heap. Element (r, c) of B is
// b[r*rowStride+c*colStride]: a row-major [K, N] matrix has strides (N, 1), a
// dense layer's [out, in] weights, whose transpose is wanted, have (1, in). A
// matrix that does not fit b, or a negative argument, panics.
func Pack[T Element](b []T, k, n, rowStride, colStride int) *Packed[T] {
	return packFor(active, b, k, n, rowStride, colStride)
}

// packFor is Pack for the micro-kernels of one instruction set.
func packFor[T Element](with isa, b []T, k, n, rowStride, colStride int) *Packed[T] {
	checkMatrix(b, k, n, rowStride, colStride)
	p := newPacked(with, make([]T, packedLen[T](with, k, n)), k, n)
	p.fill(b, rowStride, colStride)
	return &p
}

// packedLen returns the number of elements that newPacked needs for a K × N matrix.
func packedLen[T Element](with isa, rows, n int) int {
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
func newPacked[T Element](with isa, dst []T, k, n int) Packed[T] {
	p := Packed[T]{k: k, n: n, isa: with}
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
	if rowStride == 1 {
		fillTurned(panel, b, w, cols, colStride)
		return
	}
	for r := 0; r*w < len(panel); r++ {
		row := panel[r*w:][:w]
		for c := range cols {
			row[c] = b[r*rowStride+c*colStride]
		}
		clear(row[cols:])
	}
}

// fillTurned is fillElements for columns whose elements are side by side: it reads a line of a cache of each column at
// a time, since one element of each is often one line of the same set of it for all of them.
func fillTurned[T Element](panel, b []T, w, cols, colStride int) {
	const line = 16
	rows := len(panel) / w
	for r := 0; r < rows; r += line {
		block := panel[r*w : min(r+line, rows)*w]
		for c := range cols {
			to := block[c:]
			for i, v := range b[c*colStride+r:][:len(block)/w] {
				to[i*w] = v
			}
		}
		if cols < w {
			for at := 0; at < len(block); at += w {
				clear(block[at+cols : at+w])
			}
		}
	}
}
