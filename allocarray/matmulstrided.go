package allocarray

import "github.com/allocarrays/allocarrays-go/internal/kernel"

// panel is how many columns matMulStrided computes at a time.
const panel = 256

// matMulStrided multiplies matrices of any strides, some columns at a time: it adds
// each row of b to all rows of dst, scaled by the elements of a column of a.
func matMulStrided[T Element](dst, a, b *AllocArray[T]) {
	dst.Fill(0)
	for j := 0; j < b.shape[1]; j += panel {
		n := min(panel, b.shape[1]-j)
		for l := range b.shape[0] {
			column, row := a.data[l*a.stride[1]:], b.data[l*b.stride[0]+j*b.stride[1]:]
			if rows := dst.data[j*dst.stride[1]:]; b.stride[1] == 1 && dst.stride[1] == 1 {
				addOuter(rows, dst.stride[0], column, a.stride[0], row[:n], dst.shape[0])
			} else {
				addOuterStrided(rows, dst, column, a.stride[0], row, b.stride[1], n)
			}
		}
	}
}

// addOuter adds the product of a column and a row to m rows of dst.
func addOuter[T Element](dst []T, lead int, column []T, step int, row []T, m int) {
	for i := range m {
		kernel.AddScaled(dst[i*lead:][:len(row)], column[i*step], row)
	}
}

// addOuterStrided is addOuter for a row, or rows of dst, whose elements lie apart.
// The row is gathered once for all rows of dst. The kernel does not get it: the
// compiler believes that its operands escape, and would put them on the heap.
func addOuterStrided[T Element](rows []T, dst *AllocArray[T], column []T, step int, row []T, apart, n int) {
	var gathered [panel]T
	kernel.CopyStrided(gathered[:], 1, row, apart, n)
	for i := range dst.shape[0] {
		d, s := rows[i*dst.stride[0]:], column[i*step]
		for j, v := range gathered[:n] {
			d[j*dst.stride[1]] += s * v
		}
	}
}
