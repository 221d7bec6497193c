package allocarray

import (
	"context"
	"sync"

	"github.com/allocarrays/allocarrays-go/scope"
)

// worthwhile is from how many multiply-adds on a product is computed with the caller's helpers (see
// [scope.Helpers]), and unit how many rows or columns a piece has at least.
const (
	worthwhile = 1 << 20
	unit       = 64
)

// A productTask is a product of two matrices, cut along the rows or the columns of the result. Each
// element is the same chain of sums in any piece.
type productTask[T Element] struct {
	dst, a, b matrix[T]
	columns   bool
	pieces    int
}

// spareTasks are tasks for reuse: as many as were in use at once. A sync.Pool would let the garbage
// collector have them, and make others.
type spareTasks[T Element] struct {
	mu   sync.Mutex
	free []*productTask[T]
}

var (
	spareTasks32 spareTasks[float32]
	spareTasks64 spareTasks[float64]
)

// spareTasksOf returns those for an element; nil for integers, whose products one core computes.
func spareTasksOf[T Element]() *spareTasks[T] {
	var s any
	switch any((*T)(nil)).(type) {
	case *float32:
		s = &spareTasks32
	case *float64:
		s = &spareTasks64
	}
	spares, _ := s.(*spareTasks[T])
	return spares
}

func (s *spareTasks[T]) take() *productTask[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.free) - 1
	if last < 0 {
		return new(productTask[T])
	}
	t := s.free[last]
	s.free = s.free[:last]
	return t
}

// put takes t back, without what it refers to.
func (s *spareTasks[T]) put(t *productTask[T]) {
	*t = productTask[T]{}
	s.mu.Lock()
	s.free = append(s.free, t)
	s.mu.Unlock()
}

// matMulTogether computes the product of two matrices into dst, if it is large and ctx has helpers.
func matMulTogether[T Element](ctx context.Context, dst, a, b *AllocArray[T]) bool {
	m, k, n := a.shape[0], a.shape[1], b.shape[1]
	if float64(m)*float64(k)*float64(n) < worthwhile {
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
	t := spares.take()
	*t = productTask[T]{dst: matrixOf(dst), a: matrixOf(a), b: matrixOf(b), columns: columns, pieces: min(units, 4*h.Workers())}
	h.RunPieces(t.pieces, t)
	spares.put(t)
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
