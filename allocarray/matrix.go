package allocarray

import "github.com/allocarrays/allocarrays-go/internal/kernel"

// A matrix is one operand of a matrix product: an array of two axes, one of a stack of
// them, or a part.
type matrix[T Element] struct {
	data          []T // from the first element on
	shape, stride [2]int
}

// matrixOf returns a, which has two axes, as a matrix.
func matrixOf[T Element](a *AllocArray[T]) matrix[T] {
	return matrix[T]{a.elements(), [2]int{a.shape[0], a.shape[1]}, [2]int{a.stride[0], a.stride[1]}}
}

// matrixAt returns the matrix at an index of the leading axes. The elements of the stack
// are data.
func matrixAt[T Element](x *axes, data []T, index []int) matrix[T] {
	off, n := 0, len(index)
	for i, at := range index {
		off += at * x.stride[i]
	}
	return matrix[T]{data[min(off, len(data)):], [2]int{x.shape[n], x.shape[n+1]}, [2]int{x.stride[n], x.stride[n+1]}}
}

// part returns m rows from row i on, and of these n columns from column j on.
func (m *matrix[T]) part(i, rows, j, columns int) matrix[T] {
	off := i*m.stride[0] + j*m.stride[1]
	return matrix[T]{m.data[min(off, len(m.data)):], [2]int{rows, columns}, m.stride}
}

func (m *matrix[T]) transpose() matrix[T] {
	return matrix[T]{m.data, [2]int{m.shape[1], m.shape[0]}, [2]int{m.stride[1], m.stride[0]}}
}

// clear sets all elements to zero.
func (m *matrix[T]) clear() {
	for i := range m.shape[0] {
		row := m.data[i*m.stride[0]:]
		if m.stride[1] == 1 {
			clear(row[:m.shape[1]])
			continue
		}
		for j := range m.shape[1] {
			row[j*m.stride[1]] = 0
		}
	}
}

// copyFrom copies the elements of a matrix of the same shape.
func (m *matrix[T]) copyFrom(src *matrix[T]) {
	for i := range m.shape[0] {
		kernel.CopyStrided(m.data[i*m.stride[0]:], m.stride[1], src.data[i*src.stride[0]:], src.stride[1], m.shape[1])
	}
}

// rowsContiguous and columnsContiguous report whether a kernel can read a matrix by
// rows or by columns. It cannot if a broadcast repeats them.
func (m *matrix[T]) rowsContiguous() bool {
	return (m.stride[1] == 1 || m.shape[1] == 1) && (m.stride[0] >= m.shape[1] || m.shape[0] == 1)
}

func (m *matrix[T]) columnsContiguous() bool {
	return (m.stride[0] == 1 || m.shape[0] == 1) && (m.stride[1] >= m.shape[0] || m.shape[1] == 1)
}

// lead returns the distance between rows. It is at least the length of a row, even
// of a single one, whose stride does not matter.
func (m *matrix[T]) lead() int {
	if m.shape[0] == 1 {
		return m.shape[1]
	}
	return m.stride[0]
}
