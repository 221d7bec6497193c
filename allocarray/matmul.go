package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// MatMul returns the matrix product a·b, with memory from ctx. The product of an m×k
// and a k×n matrix is m×n. A vector counts as a row on the left and as a column on the
// right, and the result lacks that axis. Arrays of higher rank are stacks of matrices
// in their last two axes: the axes before them broadcast, and a vector is multiplied
// with every matrix. This is as in numpy.matmul, but for two vectors use [Dot].
//
// Transposed views are multiplied without copying them.
//
// A row of a gives the same bits alone as with other rows. On amd64 with AVX2 and FMA,
// the bits of floats do not depend on the layout of the operands either, and those of
// a product with two or more columns not on their number: each element is computed
// with one fused multiply-add for each element of the row, in order. A product with a
// single column, or on another processor, may round differently.
func MatMul[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	if !a.usable() || !b.usable() {
		m := take2("MatMul", &a, &b)
		dst := MatMul(ctx, a, b)
		drop2(ctx, "MatMul", m, &a, &b)
		return dst
	}
	if multiplies(a.layout, b.layout) {
		dst := similar[T](ctx, productLayout(a.layout, b.layout))
		recheckAll("MatMul", &dst, &a, &b)
		if matMulTogether(ctx, &dst, &a, &b) {
			recheckAll("MatMul", &dst, &a, &b)
		} else {
			matMulRuns("MatMul", &dst, &a, &b)
		}
		return dst
	}
	p := newProduct("MatMul", a.layout, b.layout)
	dst := allocate[T](ctx, "MatMul", rowMajor("MatMul", p.result.lengths()))
	a.recheck("MatMul")
	b.recheck("MatMul")
	stackRuns("MatMul", &p, &dst, &a, &b)
	return dst
}

// MatMulInto sets dst to the matrix product a·b; see [MatMul]. It panics if dst
// overlaps a or b.
func MatMulInto[T Element](dst, a, b AllocArray[T]) {
	if !a.usable() || !b.usable() || !dst.usable() || dst.repeats {
		m := takeInto2("MatMulInto", &dst, &a, &b)
		dst.checkDst("MatMulInto")
		MatMulInto(dst, a, b)
		drop2(noContext, "MatMulInto", m, &a, &b)
		return
	}
	if multiplies(a.layout, b.layout) && dst.rank == 2 && dst.shape[0] == a.shape[0] && dst.shape[1] == b.shape[1] {
		if rangesMeet(&dst, &a) || rangesMeet(&dst, &b) {
			requireDisjoint("MatMulInto", &dst, &a)
			requireDisjoint("MatMulInto", &dst, &b)
		}
		matMulRuns("MatMulInto", &dst, &a, &b)
		return
	}
	p := newProduct("MatMulInto", a.layout, b.layout)
	requireShape("MatMulInto", &dst.axes, &p.result)
	requireDisjoint("MatMulInto", &dst, &a)
	requireDisjoint("MatMulInto", &dst, &b)
	stackRuns("MatMulInto", &p, &dst, &a, &b)
}

// multiplies reports whether a and b are two matrices that multiply, as most operands
// are.
func multiplies(a, b *layout) bool {
	return a.rank == 2 && b.rank == 2 && a.shape[1] == b.shape[0]
}

// productLayout returns the layout of the product of two matrices that multiply.
func productLayout(a, b *layout) *layout {
	switch {
	case a.fresh && a.shape[1] == b.shape[1]:
		return a
	case b.fresh && a.shape[0] == b.shape[0]:
		return b
	}
	return rowMajor("MatMul", []int{a.shape[0], b.shape[1]})
}

// matMulRuns computes the product of two matrices into dst.
func matMulRuns[T Element](op string, dst, a, b *AllocArray[T]) {
	if !smallMatMul(dst, a, b) && dst.size > 0 {
		c, x, y := matrixOf(dst), matrixOf(a), matrixOf(b)
		matMul(&c, &x, &y)
	}
	recheckAll(op, dst, a, b)
}

// small is up to how many rows, columns and steps a product is one for [gemm.Small]
// (measured).
const small = 12

// smallMatMul is [gemm.Small] of small matrices of floats.
func smallMatMul[T Element](dst, a, b *AllocArray[T]) bool {
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	if m > small || k > small || n > small || n%gemm.SmallColumns != 0 || b.stride[1] != 1 || dst.stride[1] != 1 {
		return false
	}
	// The pointers are those of the elements under the name of their type.
	switch any((*T)(nil)).(type) {
	case *float32:
		return gemm.Small((*float32)(dst.data), dst.stride[0], (*float32)(a.data), a.stride[0], a.stride[1], (*float32)(b.data), b.stride[0], m, k, n)
	case *float64:
		return gemm.Small((*float64)(dst.data), dst.stride[0], (*float64)(a.data), a.stride[0], a.stride[1], (*float64)(b.data), b.stride[0], m, k, n)
	}
	return false
}

// A product is a stack of matrix products.
type product struct {
	a, b   axes // of rank 2 at least, broadcast to the same stack
	result axes // its shape only
	row    bool // a was a vector
	column bool // b was a vector
}

// newProduct returns the product of a and b. It panics if they do not multiply.
func newProduct(op string, a, b *layout) (p product) {
	p.a, p.b = a.axes, b.axes
	if p.row = a.rank == 1; p.row {
		p.a.insertAxis(0)
	}
	if p.column = b.rank == 1; p.column {
		p.b.insertAxis(1)
	}
	if p.row && p.column || !p.stack() {
		panic(misuse("%s: shapes %s and %s do not multiply", op, shapeText(a.lengths()), shapeText(b.lengths())))
	}
	if p.row {
		p.result.removeAxis(p.result.rank - 2)
	}
	if p.column {
		p.result.removeAxis(p.result.rank - 1)
	}
	return p
}

// stack broadcasts the operands over their axes before the last two and sets the
// shape of the result. It returns false if they do not multiply.
func (p *product) stack() bool {
	if p.a.rank < 2 || p.b.rank < 2 || p.a.shape[p.a.rank-1] != p.b.shape[p.b.rank-2] {
		return false
	}
	m, k, n := p.a.shape[p.a.rank-2], p.a.shape[p.a.rank-1], p.b.shape[p.b.rank-1]
	headA, headB := p.a, p.b
	headA.rank, headB.rank = p.a.rank-2, p.b.rank-2
	var head axes
	if !head.tryBroadcast(&headA, &headB) {
		return false
	}
	p.a = p.a.stackOf(&head, m, k)
	p.b = p.b.stackOf(&head, k, n)
	p.result = p.a.stackOf(&head, m, n)
	return true
}

// stackOf returns the axes of a stack of matrices stretched over the axes of head.
func (x *axes) stackOf(head *axes, rows, columns int) (s axes) {
	stack := *x
	stack.rank -= 2
	s.rank, s.shape, s.stride = head.rank+2, head.shape, stack.stretched(head)
	clear(s.shape[head.rank:])
	s.shape[head.rank], s.shape[head.rank+1] = rows, columns
	s.stride[head.rank], s.stride[head.rank+1] = x.stride[x.rank-2], x.stride[x.rank-1]
	return s
}

// stackRuns computes the products of a and b into dst, which has the shape of the
// result.
func stackRuns[T Element](op string, p *product, dst, a, b *AllocArray[T]) {
	if dst.size > 0 { // else the stack may be long: it may have more matrices than memory has bytes
		stackProducts(p, dst, a.elements(), b.elements())
	}
	recheckAll(op, dst, a, b)
}

func stackProducts[T Element](p *product, dst *AllocArray[T], a, b []T) {
	to, result := dst.elements(), dst.axes
	if p.row {
		result.insertAxis(result.rank - 1)
	}
	if p.column {
		result.insertAxis(result.rank)
	}
	stack := result
	stack.rank -= 2
	var index [MaxRank]int
	for range stack.count() {
		i := index[:stack.rank]
		c, x, y := matrixAt(&result, to, i), matrixAt(&p.a, a, i), matrixAt(&p.b, b, i)
		matMul(&c, &x, &y)
		increment(i, &stack.shape)
	}
}

// increment advances an index in row-major order.
func increment(index []int, shape *[MaxRank]int) {
	for i := len(index) - 1; i >= 0; i-- {
		if index[i]++; index[i] < shape[i] {
			return
		}
		index[i] = 0
	}
}

// matMul computes one product, which has elements.
func matMul[T Element](dst, a, b *matrix[T]) {
	if a.shape[1] == 0 {
		dst.clear() // sums of nothing
		return
	}
	if column := b.shape[1] == 1 && a.rowsContiguous(); microKernels && isFloat[T]() && !column {
		matMulFused(dst, a, b)
	} else {
		matMulPlain(dst, a, b)
	}
}

// matMulFused computes a product of floats with one rounding for each step: element
// (i, j) is c = fma(a(i, l), b(l, j), c) for l = 0, 1, 2 …, whatever the shapes and
// the strides. So a row of a gives the same bits alone and among others. Transposing
// the product, dstᵀ = bᵀ·aᵀ, changes no bit either.
func matMulFused[T Element](dst, a, b *matrix[T]) {
	if addRows(dst, a, b) {
		return
	}
	inPlace := a.shape[0] <= inPlaceRows && b.shape[0]*b.shape[1] >= inPlaceElements && !b.rowsContiguous() && b.columnsContiguous()
	if !inPlace && b.shape[1] >= fewest && (dst.rowsContiguous() || !dst.columnsContiguous()) {
		multiply(dst, a, b)
		return
	}
	dstT, aT, bT := dst.transpose(), a.transpose(), b.transpose()
	switch {
	case addRows(&dstT, &bT, &aT):
	case inPlace || !dst.rowsContiguous() && dst.columnsContiguous():
		multiply(&dstT, &bT, &aT)
	default:
		multiply(dst, a, b)
	}
}

// fewest is the number of rows of a from which on it pays to copy b into the order in
// which the micro-kernels read it (measured: the two ways meet between 3 and 4).
const fewest = 4

// A transposed b is the left operand of the transposed product. This pays up to so
// many rows of a, from so many elements of b on (measured).
const (
	inPlaceRows     = 16
	inPlaceElements = 1024
)

// addRows computes dst = a·b for few rows, by adding rows of b. It reports whether it
// did; false leaves dst alone. Rows of 16 elements and more are added by the SIMD
// library, which rounds as the micro-kernels do where there are any.
func addRows[T Element](dst, a, b *matrix[T]) bool {
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	if m >= fewest || n < 16 || !dst.rowsContiguous() || !a.rowsContiguous() || !b.rowsContiguous() {
		return false
	}
	kernel.MatMul(dst.data, dst.lead(), a.data, a.lead(), b.data, b.lead(), m, k, n)
	return true
}

// multiply computes dst = a·b with the micro-kernels. They cannot write to dst if its
// rows are not contiguous or its memory interleaves with an operand's.
func multiply[T Element](dst, a, b *matrix[T]) {
	if !dst.rowsContiguous() || !gemmProduct(dst, a, b) {
		multiplyTiles(dst, a, b)
	}
}

// multiplyTiles multiplies tiles of dst on the stack and copies them. Its room is in no
// frame but its own.
//
//go:noinline
func multiplyTiles[T Element](dst, a, b *matrix[T]) {
	var room [1024]T
	width := min(dst.shape[1], 32)
	height := min(dst.shape[0], len(room)/width)
	for i := 0; i < dst.shape[0]; i += height {
		for j := 0; j < dst.shape[1]; j += width {
			m, n := min(height, dst.shape[0]-i), min(width, dst.shape[1]-j)
			to, x, y := dst.part(i, m, j, n), a.part(i, m, 0, a.shape[1]), b.part(0, b.shape[0], j, n)
			tile := matrix[T]{data: room[:], shape: [2]int{m, n}, stride: [2]int{n, 1}}
			gemmProduct(&tile, &x, &y)
			to.copyFrom(&tile)
		}
	}
}

// gemmProduct is [gemm.Product] of arrays of floats.
func gemmProduct[T Element](dst, a, b *matrix[T]) bool {
	switch c := any(dst.data).(type) {
	case []float32:
		return gemmProductOf(c, any(a.data).([]float32), any(b.data).([]float32), dst, a, b)
	case []float64:
		return gemmProductOf(c, any(a.data).([]float64), any(b.data).([]float64), dst, a, b)
	}
	return false
}

// gemmProductOf is gemmProduct with the elements under the name of their type.
func gemmProductOf[F Float, T Element](c, x, y []F, dst, a, b *matrix[T]) bool {
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	left, right := gemm.Matrix[F]{Data: x, Row: a.stride[0], Col: a.stride[1]}, gemm.Matrix[F]{Data: y, Row: b.stride[0], Col: b.stride[1]}
	return gemm.Product(c, dst.lead(), left, right, m, k, n)
}

// microKernels reports whether package gemm has micro-kernels for this processor.
var microKernels = func() bool {
	one := gemm.Matrix[float32]{Data: []float32{1}, Row: 1, Col: 1}
	return gemm.Product([]float32{0}, 1, one, one, 1, 1, 1)
}()

func isFloat[T Element]() bool {
	half := 0.5
	return T(half) != 0
}

// matMulPlain computes one product in the way that the strides allow: with rows of b,
// with columns of b, or element by element. It serves integers, processors without
// micro-kernels, and a single column of b: there each element is a dot product, which
// takes an eighth of the time of the micro-kernels.
func matMulPlain[T Element](dst, a, b *matrix[T]) {
	if dst.columnsContiguous() && !(dst.rowsContiguous() && a.rowsContiguous()) { // dstᵀ = bᵀ·aᵀ
		dstT, aT, bT := dst.transpose(), a.transpose(), b.transpose()
		dst, a, b = &dstT, &bT, &aT
	}
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	rows := dst.rowsContiguous() && a.rowsContiguous()
	switch {
	case rows && b.rowsContiguous():
		kernel.MatMul(dst.data, dst.lead(), a.data, a.lead(), b.data, b.lead(), m, k, n)
	case rows && b.columnsContiguous():
		bT := b.transpose()
		kernel.MatMulT(dst.data, dst.lead(), a.data, a.lead(), b.data, bT.lead(), m, k, n)
	default:
		matMulStrided(dst, a, b)
	}
}

// panel is how many columns matMulStrided computes at a time.
const panel = 256

// matMulStrided multiplies matrices of any strides, some columns at a time: it adds
// each row of b to all rows of dst, scaled by the elements of a column of a.
func matMulStrided[T Element](dst, a, b *matrix[T]) {
	dst.clear()
	for j := 0; j < b.shape[1]; j += panel {
		n := min(panel, b.shape[1]-j)
		for l := range b.shape[0] {
			column, row := a.data[l*a.stride[1]:], b.data[l*b.stride[0]+j*b.stride[1]:]
			if rows := dst.data[j*dst.stride[1]:]; b.stride[1] == 1 && dst.stride[1] == 1 {
				addOuter(rows, dst.stride[0], column, a.stride[0], row[:n], dst.shape[0])
			} else {
				addOuterStrided(rows, dst, column, a.stride[0], row, b.stride[1], n)
			}
		}
	}
}

// addOuter adds the product of a column and a row to m rows of dst.
func addOuter[T Element](dst []T, lead int, column []T, step int, row []T, m int) {
	for i := range m {
		kernel.AddScaled(dst[i*lead:][:len(row)], column[i*step], row)
	}
}

// addOuterStrided is addOuter for a row, or rows of dst, whose elements lie apart.
// The row is gathered once for all rows of dst. The kernel does not get it: the
// compiler believes that its operands escape, and would put them on the heap.
func addOuterStrided[T Element](rows []T, dst *matrix[T], column []T, step int, row []T, apart, n int) {
	var gathered [panel]T
	kernel.CopyStrided(gathered[:], 1, row, apart, n)
	for i := range dst.shape[0] {
		d, s := rows[i*dst.stride[0]:], column[i*step]
		for j, v := range gathered[:n] {
			d[j*dst.stride[1]] += s * v
		}
	}
}
