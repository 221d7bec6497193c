package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// MatMul returns the matrix product a·b with memory from ctx: of (m×k) and (k×n)
// it is (m×n). A vector as a counts as a row, as b as a column, and has no axis
// in the result. Arrays of higher rank are stacks of matrices in their last two
// axes; the axes before them broadcast, and a vector goes with every matrix. As
// numpy.matmul, but for two vectors see [Dot].
//
// Transposed views are multiplied without copying them.
func MatMul[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	a.check("MatMul")
	b.check("MatMul")
	p := newProduct("MatMul", a, b)
	dst := uninitialised[T](ctx, "MatMul", p.result.shape[:p.result.rank])
	p.run(dst)
	return dst
}

// MatMulInto sets dst to the matrix product a·b; dst must not overlap a or b.
func MatMulInto[T Element](dst, a, b AllocArray[T]) {
	a.check("MatMulInto")
	b.check("MatMulInto")
	dst.checkDst("MatMulInto")
	p := newProduct("MatMulInto", a, b)
	requireShape("MatMulInto", &dst, &p.result)
	requireDisjoint("MatMulInto", &dst, &a)
	requireDisjoint("MatMulInto", &dst, &b)
	p.run(dst)
}

// product is a stack of matrix products.
type product[T Element] struct {
	a, b   AllocArray[T] // of rank 2 at least, broadcast to the same stack
	result AllocArray[T] // the shape of the result only
	row    bool          // a was a vector
	column bool          // b was a vector
}

func newProduct[T Element](op string, a, b AllocArray[T]) (p product[T]) {
	if a.rank == 2 && b.rank == 2 && a.shape[1] == b.shape[0] { // no stack, as most are
		p.a, p.b = a, b
		p.result.rank, p.result.shape[0], p.result.shape[1] = 2, a.shape[0], b.shape[1]
		return p
	}
	shapes := [2]AllocArray[T]{a, b}
	if p.row = a.rank == 1; p.row {
		a = a.ExpandDims(0)
	}
	if p.column = b.rank == 1; p.column {
		b = b.ExpandDims(1)
	}
	if a.rank < 2 || b.rank < 2 || p.row && p.column || a.shape[a.rank-1] != b.shape[b.rank-2] || !p.stack(a, b) {
		panic(misuse("%s: shapes %s and %s do not multiply", op,
			shapeText(shapes[0].shape[:shapes[0].rank]), shapeText(shapes[1].shape[:shapes[1].rank])))
	}
	if p.row {
		p.result.removeAxis(p.result.rank - 2)
	}
	if p.column {
		p.result.removeAxis(p.result.rank - 1)
	}
	return p
}

// stack broadcasts a and b over their axes before the last two, and sets the
// result's shape; false if they do not broadcast.
func (p *product[T]) stack(a, b AllocArray[T]) bool {
	m, k, n := a.shape[a.rank-2], a.shape[a.rank-1], b.shape[b.rank-1]
	headA, headB := a, b
	headA.rank, headB.rank = a.rank-2, b.rank-2
	var head AllocArray[T]
	if !broadcastShape(&head, &headA, &headB) {
		return false
	}
	p.a = stackOf(&a, &head, m, k)
	p.b = stackOf(&b, &head, k, n)
	p.result = stackOf(&a, &head, m, n)
	return true
}

// stackOf returns a's matrices stretched over the axes of head; rows and columns
// are those of each.
func stackOf[T Element](a, head *AllocArray[T], rows, columns int) AllocArray[T] {
	s := *a
	s.plain = false
	s.rank = head.rank + 2
	s.shape = head.shape
	clear(s.shape[head.rank:])
	s.shape[head.rank], s.shape[head.rank+1] = rows, columns
	inner := *a
	inner.rank = a.rank - 2
	s.stride = stretched(&inner, head)
	s.stride[head.rank], s.stride[head.rank+1] = a.stride[a.rank-2], a.stride[a.rank-1]
	return s
}

// run computes the products into dst, which has the result's shape.
func (p *product[T]) run(dst AllocArray[T]) {
	if p.result.rank == 2 && p.a.rank == 2 && p.b.rank == 2 {
		matMul(dst, p.a, p.b)
		return
	}
	if p.row {
		dst = dst.ExpandDims(dst.rank - 1)
	}
	if p.column {
		dst = dst.ExpandDims(-1)
	}
	d, r := dst, dst.rank-2
	d.rank = r // the axes of the stack
	var index [MaxRank]int
	for range d.count() {
		i := index[:r]
		matMul(dst.matrix(i), p.a.matrix(i), p.b.matrix(i))
		increment(i, &dst.shape)
	}
}

// count is the number of matrices in a stack whose rank has been cut to the axes
// of the stack; a single one has none.
func (a *AllocArray[T]) count() int {
	n := 1
	for _, d := range a.shape[:a.rank] {
		n *= d
	}
	return n
}

// matrix returns the matrix at an index of the leading axes.
func (a *AllocArray[T]) matrix(index []int) AllocArray[T] {
	m := *a
	m.plain = false
	m.data = m.data[min(dot(index, &a.stride), len(m.data)):]
	m.rank = 2
	m.shape, m.stride = [MaxRank]int{}, [MaxRank]int{}
	copy(m.shape[:], a.shape[len(index):a.rank])
	copy(m.stride[:], a.stride[len(index):a.rank])
	return m
}

// matMul computes one product in the way that the strides allow: with micro-kernels,
// with rows of b, with columns of b, or, for odd views, element by element.
func matMul[T Element](dst, a, b AllocArray[T]) {
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	if m == 0 || n == 0 || k == 0 {
		dst.Fill(0) // a sum of nothing
		return
	}
	if dst.columnsContiguous() && !(dst.rowsContiguous() && a.rowsContiguous()) { // dstᵀ = bᵀ·aᵀ
		dst, a, b = dst.Transpose(), b.Transpose(), a.Transpose()
		m, n = n, m
	}
	rows := dst.rowsContiguous() && a.rowsContiguous()
	switch {
	case dst.rowsContiguous() && multiply(&dst, &a, &b):
	case rows && b.rowsContiguous():
		kernel.MatMul(dst.data, dst.lead(), a.data, a.lead(), b.data, b.lead(), m, k, n)
	case rows && b.columnsContiguous():
		bt := b.Transpose()
		kernel.MatMulT(dst.data, dst.lead(), a.data, a.lead(), b.data, bt.lead(), m, k, n)
	default:
		matMulStrided(&dst, &a, &b)
	}
}

// rowsContiguous and columnsContiguous report whether a kernel can take a matrix by
// rows or columns. One that a broadcast repeats, 0 apart, it cannot.
func (a *AllocArray[T]) rowsContiguous() bool {
	return (a.stride[1] == 1 || a.shape[1] == 1) && (a.stride[0] >= a.shape[1] || a.shape[0] == 1)
}

func (a *AllocArray[T]) columnsContiguous() bool {
	return (a.stride[0] == 1 || a.shape[0] == 1) && (a.stride[1] >= a.shape[0] || a.shape[1] == 1)
}

// lead returns the distance between rows: at least the length of one, also when
// there is only one, whose stride means nothing.
func (a *AllocArray[T]) lead() int {
	if a.shape[0] == 1 {
		return a.shape[1]
	}
	return a.stride[0]
}
