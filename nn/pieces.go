package nn

import (
	"context"
	"sync"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/scope"
)

// worthwhile is from how many multiply-adds on a layer is computed with the caller's helpers: these
// take some microseconds to wake up, in which a core does a tenth of that.
const worthwhile = 1 << 20

// helpersFor returns the helpers of ctx for a layer of so many multiply-adds, and the number of their
// workers; 1 if it is too small. It is a float because the product of three lengths may overflow.
func helpersFor(ctx context.Context, multiplyAdds float64) (scope.Helpers, int) {
	if multiplyAdds < worthwhile {
		return nil, 1
	}
	h := scope.HelpersFrom(ctx)
	return h, h.Workers()
}

// share returns which of so many units are in piece i of pieces, as equal as can be, also for
// workers who take neighbouring pieces.
func share(i, pieces, units int) (from, to int) {
	at := func(i int) int { return int(uint64(i) * uint64(units) / uint64(pieces)) } // an int may be of 32 bits
	return at(i), at(i + 1)
}

// ceil returns a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

// spares are tasks for reuse: as many as were in use at once. A sync.Pool would let the garbage
// collector have them, and make others.
type spares[T any] struct {
	mu   sync.Mutex
	free []*T
}

func (s *spares[T]) take() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.free) - 1
	if last < 0 {
		return new(T)
	}
	t := s.free[last]
	s.free = s.free[:last]
	return t
}

// put takes t back, without what it refers to.
func (s *spares[T]) put(t *T) {
	var none T
	*t = none
	s.mu.Lock()
	s.free = append(s.free, t)
	s.mu.Unlock()
}

// A product is a product of matrices without gaps, cut along its rows and columns.
type product struct {
	packed       *gemm.Packed[float32]
	dst, a, bias []float32
	m, k, n      int
	act          gemm.Activation

	down, across int // number of pieces along rows and columns
}

// productRows is how many rows of a product make a piece, or more where there are many.
const productRows = 96

// run computes the product, with the helpers of ctx if it is large. Each element is the same chain of
// sums in any piece.
func (p *product) run(ctx context.Context) {
	h, workers := helpersFor(ctx, float64(p.m)*float64(p.k)*float64(p.n))
	if workers == 1 {
		p.packed.Mul(p.dst, p.n, p.a, p.k, p.m, p.bias, p.act)
		return
	}
	p.cut(workers)
	t := products.take()
	*t = *p
	h.RunPieces(p.down*p.across, t)
	products.put(t)
}

var products spares[product]

// cut chooses the pieces: along the longer side, if that gives each worker as much. Columns are those
// of whole panels.
func (p *product) cut(workers int) {
	panels, tiles := ceil(p.n, p.packed.ColumnStep()), ceil(p.m, productRows/8)
	p.down, p.across = 1, 1
	if uneven(panels, workers) <= uneven(tiles, workers) && (p.n >= p.m || uneven(panels, workers) < uneven(tiles, workers)) {
		p.across = min(panels, workers*max(1, min(4, panels/workers/2)))
		return
	}
	p.down = min(tiles, ceil(ceil(p.m, productRows), workers)*workers)
}

// uneven is how much the largest part of units exceeds the mean, in 1/64 of it.
func uneven(units, workers int) int { return ceil(units, workers)*workers*64/units - 64 }

// RunPiece computes a piece.
func (p *product) RunPiece(_, i int) {
	step := p.packed.ColumnStep()
	top, bottom := share(i/p.across, p.down, p.m)
	left, right := share(i%p.across, p.across, ceil(p.n, step))
	left, right = left*step, min(right*step, p.n)
	var bias []float32
	if p.bias != nil {
		bias = p.bias[left:right]
	}
	p.packed.MulColumns(p.dst[top*p.n+left:], p.n, p.a[top*p.k:], p.k, bottom-top, left, right, bias, p.act)
}
