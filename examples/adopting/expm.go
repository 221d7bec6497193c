package adopting

import (
	"context"
	"math"

	"github.com/allocarrays/allocarrays-go/scope"
)

// terms is how far the Taylor series of the exponential goes. For a norm of at most
// 1/2 what is left out, about 2⁻¹⁷/17!, is far below the rounding of float64.
const terms = 16

// squarings returns how often a has to be halved for its norm to be at most 1/2.
func squarings(a Matrix) int {
	_, exponent := math.Frexp(a.norm()) // the norm is below 2^exponent
	return max(0, exponent+1)
}

// ExpBefore returns the matrix exponential of a square matrix, by scaling and
// squaring (Moler and Van Loan, 1978, method 3): e^a = (e^(a/2^s))^(2^s), the inner
// exponential by its Taylor series in the form of Horner. Each step is a new matrix,
// as the formulas have it.
func ExpBefore(a Matrix) Matrix {
	s := squarings(a)
	x := NewMatrix(a.rows, a.cols)
	a.CopyTo(x)
	x.scale(math.Ldexp(1, -s))

	sum := NewMatrix(a.rows, a.cols)
	sum.setIdentity()
	for k := terms; k > 0; k-- { // sum = 1 + x·sum/k
		next := NewMatrix(a.rows, a.cols)
		mulTo(next, x, sum)
		next.scale(1 / float64(k))
		for i := range next.rows {
			next.row(i)[i]++
		}
		sum = next
	}
	for range s {
		next := NewMatrix(a.rows, a.cols)
		mulTo(next, sum, sum)
		sum = next
	}
	return sum
}

// ExpAfter is ExpBefore with the memory of ctx, in which the result is. The matrices
// between have a scope of their own, so that only the result stays until the scope of
// ctx ends.
func ExpAfter(ctx context.Context, a Matrix) Matrix {
	result := a.Similar(ctx)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		expSteps(ctx, a).CopyTo(result)
		return nil
	})
	if err != nil {
		panic(err) // exhausted memory: goes on to the caller's scope
	}
	return result
}

// expSteps is ExpBefore, line by line, with Similar in place of NewMatrix.
func expSteps(ctx context.Context, a Matrix) Matrix {
	s := squarings(a)
	x := a.Similar(ctx)
	a.CopyTo(x)
	x.scale(math.Ldexp(1, -s))

	sum := a.Similar(ctx)
	sum.setIdentity()
	for k := terms; k > 0; k-- { // sum = 1 + x·sum/k
		next := a.Similar(ctx)
		mulTo(next, x, sum)
		next.scale(1 / float64(k))
		for i := range next.rows {
			next.row(i)[i]++
		}
		sum = next
	}
	for range s {
		next := a.Similar(ctx)
		mulTo(next, sum, sum)
		sum = next
	}
	return sum
}
