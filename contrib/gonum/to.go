package scopegonum

import (
	"fmt"
	"unsafe"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// Dense returns a matrix that shares the elements of a, which has two axes. The rows of a view may
// have gaps between them; their elements may not, and are an error. For a transpose see
// [Matrix]. Writes to either are seen in both. The matrix must not be used after the end of a's scope.
// Dense panics if that has ended already, as all uses of a do.
func Dense(a allocarray.AllocArray[float64]) (*mat.Dense, error) {
	g, err := General(a)
	if err != nil {
		return nil, err
	}
	m := new(mat.Dense)
	m.SetRawMatrix(g)
	return m, nil
}

// Matrix is Dense for an array that may also be the transpose of one that Dense accepts.
func Matrix(a allocarray.AllocArray[float64]) (mat.Matrix, error) {
	if m, err := Dense(a); err == nil {
		return m, nil
	}
	if m, err := Dense(a.Transpose()); err == nil {
		return m.T(), nil
	}
	_, err := Dense(a)
	return nil, err
}

// VecDense returns a vector that shares the elements of a, which has one axis, and may have gaps
// between its elements, as a column of a matrix does. See also [Dense].
func VecDense(a allocarray.AllocArray[float64]) (*mat.VecDense, error) {
	v, err := Vector(a)
	if err != nil {
		return nil, err
	}
	m := new(mat.VecDense)
	m.SetRawVector(v)
	return m, nil
}

// General is Dense for packages blas64 and lapack64, where empty matrices are none.
func General(a allocarray.AllocArray[float64]) (blas64.General, error) {
	data, stride, err := rows(a)
	if err != nil {
		return blas64.General{}, err
	}
	return blas64.General{Rows: a.Dim(0), Cols: a.Dim(1), Stride: stride, Data: data}, nil
}

// General32 is General for package blas32.
func General32(a allocarray.AllocArray[float32]) (blas32.General, error) {
	data, stride, err := rows(a)
	if err != nil {
		return blas32.General{}, err
	}
	return blas32.General{Rows: a.Dim(0), Cols: a.Dim(1), Stride: stride, Data: data}, nil
}

// Vector is VecDense for packages blas64 and lapack64.
func Vector(a allocarray.AllocArray[float64]) (blas64.Vector, error) {
	data, inc, err := line(a)
	if err != nil {
		return blas64.Vector{}, err
	}
	return blas64.Vector{N: a.Len(), Data: data, Inc: inc}, nil
}

// Vector32 is Vector for package blas32.
func Vector32(a allocarray.AllocArray[float32]) (blas32.Vector, error) {
	data, inc, err := line(a)
	if err != nil {
		return blas32.Vector{}, err
	}
	return blas32.Vector{N: a.Len(), Data: data, Inc: inc}, nil
}

// rows returns the memory of a matrix from its first element to its last, and the distance between
// rows.
func rows[T float32 | float64](a allocarray.AllocArray[T]) (data []T, stride int, err error) {
	if a.Rank() != 2 || a.Len() == 0 {
		return nil, 0, fmt.Errorf("scopegonum: array of shape %v is no matrix of gonum's, which has two axes and is not empty", a.Shape())
	}
	r, c := a.Dim(0), a.Dim(1)
	stride = a.Strides()[0]
	if r == 1 {
		stride = c
	}
	if c > 1 && a.Strides()[1] != 1 || stride < c {
		return nil, 0, fmt.Errorf("scopegonum: array of shape %v and strides %v has gaps within its rows, or repeats them: Clone it first", a.Shape(), a.Strides())
	}
	return span(a.Slice(0, 0, 1).Slice(1, 0, 1).Data(), (r-1)*stride+c), stride, nil
}

// line returns the memory of a vector from its first element to its last, and the distance between
// elements.
func line[T float32 | float64](a allocarray.AllocArray[T]) (data []T, inc int, err error) {
	if a.Rank() != 1 || a.Len() == 0 {
		return nil, 0, fmt.Errorf("scopegonum: array of shape %v is no vector of gonum's, which has one axis and is not empty", a.Shape())
	}
	inc = 1
	if a.Len() > 1 {
		inc = a.Strides()[0]
	}
	if inc == 0 {
		return nil, 0, fmt.Errorf("scopegonum: array of shape %v repeats its elements: Clone it first", a.Shape())
	}
	return span(a.Slice(0, 0, 1).Data(), (a.Len()-1)*inc+1), inc, nil
}

// span returns n elements from the first of s on. They are those of an array between its first
// and its last: a view lies within the memory that it is a view of, gaps included.
func span[T float32 | float64](s []T, n int) []T { return unsafe.Slice(unsafe.SliceData(s), n) }
