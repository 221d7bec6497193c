package adopting

import (
	"context"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/scope"
)

// A Matrix is an array type as packages write it: a shape, and the elements row by
// row. What it got on the way to the context is the field stamp, the method Similar,
// and the check in row, through which every access goes.
type Matrix struct {
	rows, cols int
	data       []float64
	stamp      scope.Stamp // of the scope that data was born in; zero on the Go heap
}

// NewMatrix returns a rows×cols matrix of zeros on the Go heap, as ever.
func NewMatrix(rows, cols int) Matrix {
	return Matrix{rows: rows, cols: cols, data: make([]float64, rows*cols)}
}

// Similar returns a matrix of zeros of the shape of m, with memory from ctx. It is
// valid until the scope of ctx ends. If that memory is exhausted, Similar panics with
// an error that matches [scope.ErrExhausted], which scope.NoEscape returns.
func (m Matrix) Similar(ctx context.Context) Matrix {
	data, stamp, err := scope.Alloc[float64](ctx, m.rows*m.cols)
	if err != nil {
		panic(err)
	}
	clear(data)
	return Matrix{rows: m.rows, cols: m.cols, data: data, stamp: stamp}
}

// row returns row i of m. It panics with a [scope.StaleError] if the scope of m has
// ended.
func (m Matrix) row(i int) []float64 {
	if !m.stamp.Live() {
		panic(scope.NewStaleError(fmt.Sprintf("adopting: use of a %d×%d Matrix", m.rows, m.cols),
			m.stamp, "copy it with CopyTo before its scope ends"))
	}
	return m.data[i*m.cols : (i+1)*m.cols]
}

// At returns the element in row i and column j.
func (m Matrix) At(i, j int) float64 { return m.row(i)[j] }

// Set sets the element in row i and column j.
func (m Matrix) Set(i, j int, v float64) { m.row(i)[j] = v }

// CopyTo copies m to dst, which has the same shape.
func (m Matrix) CopyTo(dst Matrix) {
	for i := range m.rows {
		copy(dst.row(i), m.row(i))
	}
}

// setIdentity sets m, which is square, to the identity.
func (m Matrix) setIdentity() {
	for i := range m.rows {
		clear(m.row(i))
		m.row(i)[i] = 1
	}
}

// scale multiplies every element by f.
func (m Matrix) scale(f float64) {
	for i := range m.rows {
		row := m.row(i)
		for j := range row {
			row[j] *= f
		}
	}
}

// mulTo sets dst, which is neither a nor b, to the product a·b.
func mulTo(dst, a, b Matrix) {
	for i := range a.rows {
		out := dst.row(i)
		clear(out)
		for k, v := range a.row(i) {
			for j, w := range b.row(k) {
				out[j] += v * w
			}
		}
	}
}

// norm returns the largest sum of absolute values in a row of m.
func (m Matrix) norm() (largest float64) {
	for i := range m.rows {
		sum := 0.0
		for _, v := range m.row(i) {
			sum += math.Abs(v)
		}
		largest = max(largest, sum)
	}
	return largest
}
