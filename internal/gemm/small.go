package gemm

// SmallColumns is what the number of columns of a product by [Small] is a multiple of.
const SmallColumns = 4

// Small computes C = A·B as [Product] does, with the same bits, where the way to the
// micro-kernels would take longer than the work, that is, up to about a thousand
// multiply-adds. It packs nothing: the rows of B must be contiguous. Their number of
// columns n must be a multiple of [SmallColumns], and m, k and n must be positive. Small
// writes nothing but the elements of C, in any order, which must not be any of A or B.
//
// The matrices are given by their first elements and the distances between their
// elements: checking slices would take as long as the product. So it is up to the caller
// that all elements are in memory.
//
// Small reports whether it did so. It leaves C alone where there are no micro-kernels for
// this processor.
func Small[T Element](c *T, ldc int, a *T, row, column int, b *T, ldb int, m, k, n int) bool {
	if active == generic || n%SmallColumns != 0 || min(m, k, n) <= 0 {
		return false
	}
	small(c, ldc, a, row, column, b, ldb, m, k, n)
	return true
}
