package allocarray_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// matrixSizes are m, k, n of (m×k)·(k×n).
var matrixSizes = [][3]int{
	{1, 1, 1}, {2, 3, 4}, {7, 17, 3}, {17, 1, 2}, {1, 17, 18}, {5, 20, 1}, {17, 20, 33},
	{0, 2, 3}, {3, 0, 1}, {3, 0, 2}, {1, 0, 1}, {3, 2, 0}, {0, 0, 0}, {2, 70, 20},
}

// testMatMul compares all layouts of two matrices, and of the destination, with the
// triple loop. The numbers are small integers, so that every order is exact.
func testMatMul[T allocarray.Element](t *testing.T) {
	r, turn := newRand(), 0
	for _, s := range matrixSizes {
		for _, la := range sources[T]() {
			for _, lb := range sources[T]() {
				a, b := la.view([]int{s[0], s[1]}, whole[T](r)), lb.view([]int{s[1], s[2]}, whole[T](r))
				want := tripleLoop(read(a), read(b))
				label := []any{"%v %s %s", s, la.name, lb.name}
				require.Empty(t, differs(want, allocarray.MatMul(t.Context(), a, b), same[T]), label...)
				for range 2 {
					turn++
					checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) { allocarray.MatMulInto(dst, a, b) }, label)
				}
			}
		}
	}
}

func tripleLoop[T allocarray.Element](a, b dense[T]) dense[T] {
	return build([]int{a.shape[0], b.shape[1]}, func(i []int) (sum T) {
		for l := range a.shape[1] {
			sum += a.data[i[0]*a.shape[1]+l] * b.data[l*b.shape[1]+i[1]]
		}
		return sum
	})
}

// testMatMulStacks: vectors, and stacks of matrices that broadcast, as the rules of
// numpy.matmul say.
func testMatMulStacks[T allocarray.Element](t *testing.T) {
	r, turn := newRand(), 0
	for _, c := range []struct{ a, b, want []int }{
		{[]int{3}, []int{3, 4}, []int{4}},
		{[]int{2, 3}, []int{3}, []int{2}},
		{[]int{0}, []int{0, 4}, []int{4}},
		{[]int{5, 2, 3}, []int{3, 4}, []int{5, 2, 4}},
		{[]int{2, 3}, []int{5, 3, 4}, []int{5, 2, 4}},
		{[]int{5, 1, 2, 3}, []int{7, 3, 4}, []int{5, 7, 2, 4}},
		{[]int{5, 2, 3}, []int{3}, []int{5, 2}},
		{[]int{3}, []int{2, 5, 3, 4}, []int{2, 5, 4}},
		{[]int{0, 2, 3}, []int{3, 4}, []int{0, 2, 4}},
		{[]int{2, 1, 1, 5, 2, 3}, []int{3, 1, 3, 17}, []int{2, 1, 3, 5, 2, 17}},
		{[]int{3}, []int{1, 2, 1, 2, 3, 4}, []int{1, 2, 1, 2, 4}},
	} {
		for _, la := range sources[T]() {
			for _, lb := range sources[T]() {
				a, b := la.view(c.a, whole[T](r)), lb.view(c.b, whole[T](r))
				want := stackReference(read(a), read(b), c.want)
				label := []any{"%v %s, %v %s", c.a, la.name, c.b, lb.name}
				require.Empty(t, differs(want, allocarray.MatMul(t.Context(), a, b), same[T]), label...)
				turn++
				checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) { allocarray.MatMulInto(dst, a, b) }, label)
			}
		}
	}
}

// stackReference is the product whose shape is known: each element from the row of
// a and the column of b at its index.
func stackReference[T allocarray.Element](a, b dense[T], shape []int) dense[T] {
	row, column := len(a.shape) == 1, len(b.shape) == 1
	return build(shape, func(index []int) (sum T) {
		stack, i, j := index, 0, 0
		if !column {
			stack, j = stack[:len(stack)-1], stack[len(stack)-1]
		}
		if !row {
			stack, i = stack[:len(stack)-1], stack[len(stack)-1]
		}
		for l := range a.shape[len(a.shape)-1] {
			sum += element(a, stack, row, i, l) * element(b, stack, column, l, j)
		}
		return sum
	})
}

// element returns the element (i, j) of the matrix at an index of the stack. In a
// vector one of i and j is 0, and they count as one.
func element[T allocarray.Element](d dense[T], stack []int, vector bool, i, j int) T {
	if vector {
		return d.data[i+j]
	}
	lead := dense[T]{shape: d.shape[:len(d.shape)-2]}
	at := 0
	for k, n := range lead.shape {
		x := stack[len(stack)-len(lead.shape)+k]
		if n == 1 {
			x = 0
		}
		at = at*n + x
	}
	m := d.shape[len(d.shape)-2:]
	return d.data[(at*m[0]+i)*m[1]+j]
}

// testMatMulError holds the bound of a sum of k products in any order,
// k·u·Σ|a|·|b| (N. J. Higham, "Accuracy and Stability of Numerical Algorithms",
// section 3.5), against float64.
func testMatMulError[T allocarray.Float](t *testing.T) {
	r := newRand()
	normal := fillWith(func() T { return T(r.NormFloat64()) })
	const m, k, n = 9, 200, 35
	for _, la := range destinations[T]() {
		for _, lb := range destinations[T]() {
			a, b := la.view([]int{m, k}, normal), lb.view([]int{k, n}, normal)
			got := allocarray.MatMul(t.Context(), a, b)
			for i := range m {
				for j := range n {
					sum, size := 0.0, 0.0
					for l := range k {
						p := float64(a.At(i, l)) * float64(b.At(l, j))
						sum, size = sum+p, size+math.Abs(p)
					}
					require.InDelta(t, sum, float64(got.At(i, j)), 2*k*unit[T]()*size)
				}
			}
		}
	}
}

func TestMatMulMisuse(t *testing.T) {
	matrix := func(shape ...int) allocarray.AllocArray[float32] {
		return allocarray.New[float32](t.Context(), shape...)
	}
	for _, c := range []struct {
		a, b []int
		want string
	}{
		{[]int{2, 3}, []int{4, 5}, "allocarray: MatMul: shapes 2×3 and 4×5 do not multiply"},
		{[]int{3}, []int{3}, "allocarray: MatMul: shapes 3 and 3 do not multiply"},
		{[]int{}, []int{3, 3}, "allocarray: MatMul: shapes () and 3×3 do not multiply"},
		{[]int{3, 3}, []int{}, "allocarray: MatMul: shapes 3×3 and () do not multiply"},
		{[]int{2, 3}, []int{2}, "allocarray: MatMul: shapes 2×3 and 2 do not multiply"},
		{[]int{2, 2, 3}, []int{3, 3, 3}, "allocarray: MatMul: shapes 2×2×3 and 3×3×3 do not multiply"},
	} {
		require.PanicsWithValue(t, c.want, func() { allocarray.MatMul(t.Context(), matrix(c.a...), matrix(c.b...)) })
	}
	require.PanicsWithValue(t, "allocarray: MatMulInto: dst has shape 3×2, want 2×2",
		func() { allocarray.MatMulInto(matrix(3, 2), matrix(2, 3), matrix(3, 2)) })
}
