package pieces

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/spare"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Product is a product of matrices without gaps, dst = act(a·b + bias), of m×k and k×n elements.
type Product struct {
	Packed       *gemm.Packed[float32]
	Dst, A, Bias []float32
	M, K, N      int
	Act          gemm.Activation

	down, across int // number of pieces along rows and columns
}

// productRows is how many rows of a product make a piece, or more where there are many.
const productRows = 96

var products spare.List[Product]

// MultiplyAdds is how many it takes.
func (p *Product) MultiplyAdds() float64 { return float64(p.M) * float64(p.K) * float64(p.N) }

// Run computes the product, with helpers if it is large. They may be nil.
func (p *Product) Run(h scope.Helpers) {
	workers := Workers(h, p.MultiplyAdds())
	if workers == 1 {
		p.Packed.Mul(p.Dst, p.N, p.A, p.K, p.M, p.Bias, p.Act)
		return
	}
	p.cut(workers)
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
func (p *Product) RunPiece(_, i int) {
	step := p.Packed.ColumnStep()
	top, bottom := Share(i/p.across, p.down, p.M)
	left, right := Share(i%p.across, p.across, Ceil(p.N, step))
	left, right = left*step, min(right*step, p.N)
	var bias []float32
	if p.Bias != nil {
		bias = p.Bias[left:right]
	}
	p.Packed.MulColumns(p.Dst[top*p.N+left:], p.N, p.A[top*p.K:], p.K, bottom-top, left, right, bias, p.Act)
}
