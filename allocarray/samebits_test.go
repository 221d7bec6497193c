package allocarray_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// TestSameBits: a row gives the same bits alone and among others.
func TestSameBits(t *testing.T) {
	t.Run("float32", sameBits[float32])
	t.Run("float64", sameBits[float64])
}

// TestSameBitsOfKernels runs the tests of this file with each lower set of kernels.
func TestSameBitsOfKernels(t *testing.T) {
	if os.Getenv("ALLOCARRAYS_KERNEL") != "" {
		t.Skip("a set of kernels is chosen already")
	}
	for _, kernels := range []string{"avx2", "generic"} {
		t.Run(kernels, func(t *testing.T) {
			t.Parallel()
			cmd := testenv.Self("-test.run", "^TestSameBits(Interleaved|OfColumn|OfStack)?$", "-test.short")
			cmd.Env = append(os.Environ(), "ALLOCARRAYS_KERNEL="+kernels)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
}

// bitSizes are k, n of (m×k)·(k×n): around the widths of registers, panels and
// blocks, and the product whose rows once differed.
func bitSizes() [][2]int {
	sizes := [][2]int{{784, 80}, {1, 2}, {3, 15}, {17, 16}, {64, 33}, {100, 10}, {5, 530}}
	if !testing.Short() && !testenv.Slow() {
		sizes = append(sizes, [][2]int{{1500, 40}, {65, 513}, {31, 17}, {2, 3}, {300, 4}, {784, 10}, {16, 64}}...)
	}
	return sizes
}

// sameBits computes products of 1 to 17 rows in all layouts and compares each row
// with that of a product of 23 rows. Without micro-kernels, only rows that lie as
// they do in the large product are the same.
func sameBits[T allocarray.Float](t *testing.T) {
	r := newRand()
	normal := fillWith(func() T { return T(r.NormFloat64()) })
	const rows = 23
	for _, size := range bitSizes() {
		k, n := size[0], size[1]
		for _, lb := range destinations[T]() {
			a, b := allocarray.Wrap(normal(rows*k), rows, k), lb.view([]int{k, n}, normal)
			want := allocarray.MatMul(t.Context(), a, b)
			requireChain(t, want, a, b)
			for i, m := range []int{1, 2, 3, 4, 5, 12, 13, 17} {
				from := i % (rows - m)
				part, wantPart := a.Slice(0, from, from+m), want.Slice(0, from, from+m)
				label := fmt.Sprintf("%d×%d×%d, b %s", m, k, n, lb.name)
				requireBits(t, wantPart, allocarray.MatMul(t.Context(), part, b), label)
				if fused() {
					requireBitsInLayouts(t, part, b, wantPart, label)
				}
			}
		}
	}
}

// requireBitsInLayouts multiplies with a and the destination in all layouts.
func requireBitsInLayouts[T allocarray.Float](t *testing.T, a, b, want allocarray.AllocArray[T], label string) {
	empty := func(n int) []T { return make([]T, n) }
	for _, l := range destinations[T]() {
		copied := l.view(a.Shape(), empty)
		a.CopyTo(copied)
		requireBits(t, want, allocarray.MatMul(t.Context(), copied, b), label+", a "+l.name)
		dst := l.view(want.Shape(), empty)
		allocarray.MatMulInto(dst, copied, b)
		requireBits(t, want, dst, label+", a and dst "+l.name)
		if a.Dim(0) > 1 { // a single column is another matter: TestSameBitsOfColumn
			allocarray.MatMulInto(dst.Transpose(), b.Transpose(), copied.Transpose())
			requireBits(t, want, dst, label+", transposed into "+l.name)
		}
	}
}

// fused reports whether there are micro-kernels, which round once for each step.
func fused() bool {
	one := gemm.Matrix[float32]{Data: []float32{1}, Row: 1, Col: 1}
	return gemm.Product([]float32{0}, 1, one, one, 1, 1, 1)
}

func requireBits[T allocarray.Float](t *testing.T, want, got allocarray.AllocArray[T], label string) {
	t.Helper()
	x, y := want.Heap().Data(), got.Heap().Data()
	require.Len(t, y, len(x))
	for i := range x {
		if x[i] != y[i] || math.Signbit(float64(x[i])) != math.Signbit(float64(y[i])) {
			require.FailNow(t, label, "element %d is %v, in a batch %v", i, y[i], x[i])
		}
	}
}

// requireChain: an element is one fused multiply-add after the other, in order. Go
// has them for float64.
func requireChain[T allocarray.Float](t *testing.T, got, a, b allocarray.AllocArray[T]) {
	if unit[T]() == 0x1p-24 || !fused() {
		return
	}
	for _, index := range [][2]int{{0, 0}, {22, got.Dim(1) - 1}, {7, got.Dim(1) / 2}} {
		sum := 0.0
		for l := range a.Dim(1) {
			sum = math.FMA(float64(a.At(index[0], l)), float64(b.At(l, index[1])), sum)
		}
		require.Equal(t, sum, float64(got.At(index[0], index[1])), "%v", index)
	}
}

// TestSameBitsInterleaved: operands and destination that interleave in memory, of
// which the micro-kernels take none.
func TestSameBitsInterleaved(t *testing.T) {
	if !fused() {
		t.Skip("no micro-kernels: bits depend on the layout")
	}
	normal := newRand()
	m := allocarray.Wrap(fillWith(func() float32 { return float32(normal.NormFloat64()) })(60*150), 60, 150)
	a, b, dst := m.Slice(0, 0, 40).Slice(1, 0, 60), m.Slice(1, 60, 100), m.Slice(0, 0, 40).Slice(1, 100, 140)
	want := allocarray.MatMul(t.Context(), a.Heap(), b.Heap())
	allocarray.MatMulInto(dst, a, b)
	requireBits(t, want, dst, "interleaved")
	for _, rows := range []int{1, 2, 3, 4} {
		dst.Fill(0)
		allocarray.MatMulInto(dst.Slice(0, 0, rows), a.Slice(0, 0, rows), b)
		requireBits(t, want.Slice(0, 0, rows), dst.Slice(0, 0, rows), "interleaved rows")
	}
}

// TestSameBitsOfColumn: the product with a single column is a dot product for each
// row, so its bits do not depend on the number of rows either.
func TestSameBitsOfColumn(t *testing.T) {
	r := newRand()
	normal := fillWith(func() float32 { return float32(r.NormFloat64()) })
	for _, k := range []int{1, 17, 784, 1500} {
		a := allocarray.Wrap(normal(9*k), 9, k)
		for _, x := range []allocarray.AllocArray[float32]{allocarray.Wrap(normal(k)), allocarray.Wrap(normal(2*k)).SliceStep(0, 0, 2*k, 2)} {
			want := allocarray.MatMul(t.Context(), a, x)
			for i := range 9 {
				requireBits(t, want.Slice(0, i, i+1), allocarray.MatMul(t.Context(), a.Slice(0, i, i+1), x), "a column")
			}
		}
	}
}

// TestSameBitsOfStack: matrices of a stack are products like others.
func TestSameBitsOfStack(t *testing.T) {
	r := newRand()
	normal := fillWith(func() float64 { return r.NormFloat64() })
	a, b := allocarray.Wrap(normal(6*2*50), 6, 2, 50), allocarray.Wrap(normal(20*50), 20, 50).Transpose()
	stacked := allocarray.MatMul(context.Background(), a, b)
	if flat := allocarray.MatMul(context.Background(), a.Reshape(12, 50), b); fused() {
		requireBits(t, flat, stacked.Reshape(12, 20), "a stack")
	}
	for i := range 6 {
		requireBits(t, stacked.Index(0, i), allocarray.MatMul(context.Background(), a.Index(0, i), b), "a matrix of a stack")
	}
}
