package pieces

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/spare"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Product is a product of matrices without gaps, dst = act(a·b + bias), of m×k and k×n elements, and what comes behind it.
type Product struct {
	Packed       *gemm.Packed[float32]
	Dst, A, Bias []float32
	M, K, N      int
	Act          gemm.Activation
	After        Epilogue // behind that, or nil
	Arg          any      // what After gets

	down, across int // number of pieces along rows and columns
}

// An Epilogue goes on with elements of a result that were just computed, in place, while they are in the cache: whole rows or
// lines, of which the first element is the given one of the result. Workers call it at the same time for different elements.
type Epilogue func(arg any, worker int, part []float32, first int)

// productRows is how many rows of a product make a piece, or more where there are many. With an epilogue they are about so
// many bytes of the result.
const (
	productRows  = 96
	productBytes = 64 << 10
)

var products spare.List[Product]

// MultiplyAdds is how many it takes.
func (p *Product) MultiplyAdds() float64 { return float64(p.M) * float64(p.K) * float64(p.N) }

// Run computes the product, with helpers if it is large. They may be nil.
func (p *Product) Run(h scope.Helpers) {
	workers := Workers(h, p.MultiplyAdds())
	if workers == 1 && p.After == nil {
		p.Packed.Mul(p.Dst, p.N, p.A, p.K, p.M, p.Bias, p.Act)
		return
	}
	if p.M == 0 || p.N == 0 {
		return
	}
	if p.After != nil {
		p.down, p.across = max(Ceil(p.M, max(productRows/2, productBytes/(4*p.N))), min(workers, p.M)), 1
		p.down = min(p.M, Ceil(p.down, workers)*workers)
	} else {
		p.cut(workers)
	}
	if workers == 1 {
		for i := range p.down {
			p.RunPiece(0, i)
		}
		return
	}
	t := products.Take()
	*t = *p
	h.RunPieces(p.down*p.across, t)
	products.Put(t)
}

// cut chooses the pieces: along the longer side, if that gives each worker as much. Columns are those
// of whole panels.
func (p *Product) cut(workers int) {
	panels, tiles := Ceil(p.N, p.Packed.ColumnStep()), Ceil(p.M, productRows/8)
	p.down, p.across = 1, 1
	if uneven(panels, workers) <= uneven(tiles, workers) && (p.N >= p.M || uneven(panels, workers) < uneven(tiles, workers)) {
		p.across = min(panels, workers*max(1, min(4, panels/workers/2)))
		return
	}
	p.down = min(tiles, Ceil(Ceil(p.M, productRows), workers)*workers)
}

// uneven is how much the largest part of units exceeds the mean, in 1/64 of it.
func uneven(units, workers int) int { return Ceil(units, workers)*workers*64/units - 64 }

// RunPiece computes a piece.
func (p *Product) RunPiece(worker, i int) {
	step := p.Packed.ColumnStep()
	top, bottom := Share(i/p.across, p.down, p.M)
	left, right := Share(i%p.across, p.across, Ceil(p.N, step))
	left, right = left*step, min(right*step, p.N)
	var bias []float32
	if p.Bias != nil {
		bias = p.Bias[left:right]
	}
	p.Packed.MulColumns(p.Dst[top*p.N+left:], p.N, p.A[top*p.K:], p.K, bottom-top, left, right, bias, p.Act)
	if p.After != nil {
		p.After(p.Arg, worker, p.Dst[top*p.N:bottom*p.N], top*p.N)
	}
}
