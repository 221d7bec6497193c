package scopegonum

import (
	"context"
	"errors"
	"fmt"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// FromDense returns an array that shares the elements of m, whose memory is from ctx: the array is
// stale when the scope of ctx ends. If m is on the Go heap, ctx is one without an allocator.
//
// A matrix with gaps between its rows is an error if its memory ends with its last element, and not
// with a whole row: copy it. Of a larger matrix it is the part that reaches the last row, but does
// not begin in the first column. An empty matrix is an error too.
func FromDense(ctx context.Context, m *mat.Dense) (allocarray.AllocArray[float64], error) {
	return FromGeneral(ctx, m.RawMatrix())
}

// FromGeneral is FromDense for matrices of packages blas64 and lapack64.
func FromGeneral(ctx context.Context, g blas64.General) (allocarray.AllocArray[float64], error) {
	return fromRows(ctx, g.Data, g.Rows, g.Cols, g.Stride)
}

// FromVec returns an array of one axis that shares the elements of v, which may have gaps between
// them. See also [FromDense].
func FromVec(ctx context.Context, v *mat.VecDense) (allocarray.AllocArray[float64], error) {
	return FromVector(ctx, v.RawVector())
}

// FromVector is FromVec for vectors of packages blas64 and lapack64, whose increment is positive.
func FromVector(ctx context.Context, v blas64.Vector) (none allocarray.AllocArray[float64], err error) {
	if v.N <= 0 || v.Inc <= 0 || (len(v.Data)-1)/v.Inc < v.N-1 {
		return none, fmt.Errorf("scopegonum: %d elements are no vector of %d that are %d apart", len(v.Data), v.N, v.Inc)
	}
	stamp, err := stampOf(ctx)
	if err != nil {
		return none, err
	}
	n := (v.N-1)*v.Inc + 1
	return allocarray.WrapStamp(v.Data[:n], stamp, n).SliceStep(0, 0, n, v.Inc), nil
}

func fromRows(ctx context.Context, data []float64, r, c, stride int) (none allocarray.AllocArray[float64], err error) {
	if r <= 0 || c <= 0 || stride < c || c > len(data) || (len(data)-c)/stride < r-1 {
		return none, fmt.Errorf("scopegonum: %d elements are no %d×%d matrix with rows %d apart", len(data), r, c, stride)
	}
	stamp, err := stampOf(ctx)
	if err != nil {
		return none, err
	}
	if r == 1 {
		stride = c
	}
	if cap(data)/stride < r {
		return none, errLast
	}
	return allocarray.WrapStamp(data[:r*stride], stamp, r, stride).Slice(1, 0, c), nil
}

// stampOf returns the stamp of the scope of ctx.
func stampOf(ctx context.Context) (scope.Stamp, error) {
	_, stamp, err := scope.Alloc[float64](ctx, 0)
	return stamp, err
}

var errLast = errors.New("scopegonum: rows have gaps, and the memory ends with the last element: copy the matrix with mat.DenseCopyOf")

// misuse returns the text of a panic about a mistake in the program.
func misuse(format string, args ...any) string { return "scopegonum: " + fmt.Sprintf(format, args...) }
