package gemm

import "fmt"

// origin is the segment list of a product whose rows of A are contiguous.
var origin = []int32{0}

// Mul computes C = act(A·B + bias) for m rows: row i of A is the K elements at
// a[i*lda], row i of C the N elements at c[i*ldc], and bias, unless it is nil,
// has N elements that are added to every row. Elements between the rows are
// neither read nor written.
//
// Row i of C depends on row i of A alone: it has the same bits whatever m is.
// C must not overlap A, B or the bias. Dimensions that do not fit the slices
// and overlapping operands panic. Mul allocates nothing.
func (p *Packed[T]) Mul(c []T, ldc int, a []T, lda, m int, bias []T, act Activation) {
	if m < 0 || lda < 0 || ldc < 0 {
		panic(fmt.Sprintf("gemm: negative argument: m %d, lda %d, ldc %d", m, lda, ldc))
	}
	checkRows("a", a, lda, m, p.k)
	if m > 0 {
		a = a[:(m-1)*lda+p.k]
		if m <= p.isa.height() && len(p.panels) > 0 && p.isa != generic {
			p.few(c, ldc, a, lda, m, bias, act)
			return
		}
	}
	j := job[T]{p: *p, c: c, ldc: ldc, a: a, grid: even(m, lda), segs: origin, segLen: p.k, m: m, bias: bias, act: act}
	j.do()
}

// MulColumns is Mul for the columns from ≤ j < to of B alone, which are all columns of C; bias has as
// many elements. from is a multiple of ColumnStep.
func (p *Packed[T]) MulColumns(c []T, ldc int, a []T, lda, m, from, to int, bias []T, act Activation) {
	if from < 0 || to < from || to > p.n || from%p.ColumnStep() != 0 {
		panic(fmt.Sprintf("gemm: columns %d to %d of %d in steps of %d", from, to, p.n, p.ColumnStep()))
	}
	some := *p
	if some.n = to - from; len(some.panels) > 0 {
		some.panelCount = (some.n + some.width - 1) / some.width
		some.panels = some.panels[from*some.k:][:some.panelCount*some.width*some.k]
	}
	some.Mul(c, ldc, a, lda, m, bias, act)
}

// ColumnStep is the number of columns that belong together: where a part of B can begin.
func (p *Packed[T]) ColumnStep() int { return max(1, p.width) }

// MulGrid is Mul for rows of A that are gathered from pieces: a row of the grid consists of
// len(segs) segments of K/len(segs) elements, of which segment s starts segs[s] elements
// behind the beginning of the row. Rows may overlap each other.
//
// This is a convolution without im2col. For an input [height, width, cin] and a
// filter [kh, kw, cin, cout], padded already, the output pixels are the grid
//
//	Grid{Images: 1, Height: outHeight, Width: outWidth, Line: strideY*width*cin, Pixel: strideX*cin}
//
// and, because kw·cin elements of an input line are contiguous, the filter
// consists of kh segments of that length:
//
//	segs[r] = r * dilationY * width * cin
//
// With a dilation in x there are kh·kw segments of cin elements.
//
// The number of segments must divide K, and offsets must not be negative, nor
// point a segment outside a; else MulGrid panics. The rest is as for Mul.
func (p *Packed[T]) MulGrid(c []T, ldc int, a []T, g Grid, segs []int32, bias []T, act Activation) {
	if len(segs) == 0 || p.k%len(segs) != 0 {
		panic(fmt.Sprintf("gemm: %d segments do not divide %d rows of b", len(segs), p.k))
	}
	if ldc < 0 {
		panic(fmt.Sprintf("gemm: negative ldc %d", ldc))
	}
	length := p.k / len(segs)
	checkGrid(a, &g, segs, length)
	j := job[T]{p: *p, c: c, ldc: ldc, a: a, grid: g, segs: segs, segLen: length, m: g.rows(), bias: bias, act: act}
	j.do()
}

// A job is one product, after its A has been checked.
type job[T Element] struct {
	p          Packed[T] // a copy: with the pointer p itself would escape
	c, a, bias []T
	ldc        int
	grid       Grid    // where A's rows begin
	segs       []int32 // offsets of a row's segments, at least one
	segLen     int     // elements of a segment
	m          int
	act        Activation
}

// do checks the rest of the operands and computes.
func (j *job[T]) do() {
	n := j.p.n
	j.act.check()
	checkRows("c", j.c, j.ldc, j.m, n)
	checkBias(j.bias, n)
	if j.m == 0 || n == 0 {
		return
	}
	j.checkApart()
	if j.p.isa == generic || j.p.k == 0 {
		j.portable()
		return
	}
	j.blocks()
}
