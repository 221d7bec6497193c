package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/spare"
	"github.com/allocarrays/allocarrays-go/scope"
)

// unit is how many rows or columns of a product that is computed with the caller's helpers (see [scope.Helpers]) a piece has
// at least.
const unit = 64

// A productTask is a product of two matrices, cut along the rows or the columns of the result. Each
// element is the same chain of sums in any piece.
type productTask[T Element] struct {
	dst, a, b matrix[T]
	columns   bool
	pieces    int
}

var (
	spareTasks32 spare.List[productTask[float32]]
	spareTasks64 spare.List[productTask[float64]]
)

// spareTasksOf returns those for an element; nil for integers, whose products one core computes.
func spareTasksOf[T Element]() *spare.List[productTask[T]] {
	var s any
	switch any((*T)(nil)).(type) {
	case *float32:
		s = &spareTasks32
	case *float64:
		s = &spareTasks64
	}
	spares, _ := s.(*spare.List[productTask[T]])
	return spares
}

// matMulTogether computes the product of two matrices into dst, if it is large and ctx has helpers.
func matMulTogether[T Element](ctx context.Context, dst, a, b *AllocArray[T]) bool {
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	if float64(m)*float64(k)*float64(n) < pieces.Worthwhile {
		return false
	}
	h, spares := scope.HelpersFrom(ctx), spareTasksOf[T]()
	if h.Workers() == 1 || spares == nil {
		return false
	}
	units, columns := n/unit, true
	if !microKernels || units < h.Workers() && m > n { // only rows round alike everywhere
		units, columns = m/unit, false
	}
	if units < 2 {
		return false
	}
	t := spares.Take()
	*t = productTask[T]{dst: matrixOf(dst), a: matrixOf(a), b: matrixOf(b), columns: columns, pieces: min(units, 4*h.Workers())}
	h.RunPieces(t.pieces, t)
	spares.Put(t)
	return true
}

// RunPiece computes a piece: some units, the last one with what is left.
func (t *productTask[T]) RunPiece(_, i int) {
	m, n := t.dst.shape[0], t.dst.shape[1]
	length := m
	if t.columns {
		length = n
	}
	from, to := i*(length/unit)/t.pieces*unit, (i+1)*(length/unit)/t.pieces*unit
	if i == t.pieces-1 {
		to = length
	}
	c, x, y := t.dst, t.a, t.b
	if t.columns {
		c, y = c.part(0, m, from, to-from), y.part(0, y.shape[0], from, to-from)
	} else {
		c, x = c.part(from, to-from, 0, n), x.part(from, to-from, 0, x.shape[1])
	}
	matMul(&c, &x, &y)
}
