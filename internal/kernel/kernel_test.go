package kernel_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// maxLen covers bodies and tails of every register width and unrolling that the library has.
const maxLen = 70

var (
	binaryOps  = []kernel.BinaryOp{kernel.Add, kernel.Sub, kernel.Mul, kernel.Div, kernel.Min, kernel.Max}
	unaryOps   = []kernel.UnaryOp{kernel.Neg, kernel.Abs, kernel.Square}
	compareOps = []kernel.CompareOp{kernel.Equal, kernel.NotEqual, kernel.Less, kernel.LessEqual, kernel.Greater, kernel.GreaterEqual}
	floatOps   = []kernel.FloatOp{kernel.Exp, kernel.Log, kernel.Sqrt, kernel.Tanh, kernel.Sigmoid, kernel.GELU, kernel.GELUTanh,
		kernel.Reciprocal, kernel.Floor, kernel.Ceil}
)

// TestEveryType runs every generic kernel on every element type against the references.
func TestEveryType(t *testing.T) {
	t.Run("int8", everyKernel[int8])
	t.Run("int16", everyKernel[int16])
	t.Run("int32", everyKernel[int32])
	t.Run("int64", everyKernel[int64])
	t.Run("int", everyKernel[int])
	t.Run("uint8", everyKernel[uint8])
	t.Run("uint16", everyKernel[uint16])
	t.Run("uint32", everyKernel[uint32])
	t.Run("uint64", everyKernel[uint64])
	t.Run("uint", everyKernel[uint])
	t.Run("float32", everyKernel[float32])
	t.Run("float64", everyKernel[float64])
}

func everyKernel[T kernel.Number](t *testing.T) {
	for n := range maxLen + 1 {
		if testing.Short() && n > 20 && n%7 != 0 {
			continue
		}
		testBinary[T](t, n)
		testUnary[T](t, n)
		testCompare[T](t, n)
		testReduce[T](t, n)
		testStrided[T](t, n)
		testAccumulate[T](t, n)
	}
	testMatMul[T](t)
}

// operands are two slices of n with special values in them, the second free of zeros where an integer would divide by it.
func operands[T kernel.Number](op kernel.BinaryOp, n int) (a, b []T) {
	a, b = random[T](1, n, true), random[T](2, n, true)
	for i, v := range b {
		if op == kernel.Div && v == 0 && !isFloat[T]() {
			b[i] = 7
		}
	}
	return a, b
}

func testBinary[T kernel.Number](t *testing.T, n int) {
	for _, op := range binaryOps {
		a, b := operands[T](op, n)
		loose := op == kernel.Min || op == kernel.Max
		want := make([]T, n)
		for i := range want {
			want[i] = refBinary(op, a[i], b[i])
		}
		dst, intact := guarded[T](t, n, n%5)
		kernel.Binary(op, dst, a, b)
		requireSame(t, want, dst, loose, "Binary", op)
		intact()
		copy(dst, a)
		kernel.Binary(op, dst, dst, b)
		requireSame(t, want, dst, loose, "Binary dst == a", op)
		copy(dst, b)
		kernel.Binary(op, dst, a, dst)
		requireSame(t, want, dst, loose, "Binary dst == b", op)
		intact()
		testScalars(t, op, a, b)
	}
}

func testScalars[T kernel.Number](t *testing.T, op kernel.BinaryOp, a, b []T) {
	n, loose := len(a), op == kernel.Min || op == kernel.Max
	left, right := make([]T, n), make([]T, n)
	for _, s := range append(specials[T](), 7) {
		for i := range n {
			if s != 0 || isFloat[T]() || op != kernel.Div {
				left[i] = refBinary(op, a[i], s)
			}
			right[i] = refBinary(op, s, b[i])
		}
		dst, intact := guarded[T](t, n, 3)
		if s != 0 || isFloat[T]() || op != kernel.Div {
			kernel.BinaryScalar(op, dst, a, s)
			requireSame(t, left, dst, loose, "BinaryScalar", op, s)
			copy(dst, a)
			kernel.BinaryScalar(op, dst, dst, s)
			requireSame(t, left, dst, loose, "BinaryScalar in place", op, s)
		}
		kernel.ScalarBinary(op, dst, s, b)
		requireSame(t, right, dst, loose, "ScalarBinary", op, s)
		copy(dst, b)
		kernel.ScalarBinary(op, dst, s, dst)
		requireSame(t, right, dst, loose, "ScalarBinary in place", op, s)
		intact()
	}
}

func testUnary[T kernel.Number](t *testing.T, n int) {
	a := random[T](3, n, true)
	want := make([]T, n)
	dst, intact := guarded[T](t, n, n%3)
	for _, op := range unaryOps {
		for i, v := range a {
			want[i] = refUnary(op, v)
		}
		kernel.Unary(op, dst, a)
		requireSame(t, want, dst, false, "Unary", op)
		copy(dst, a)
		kernel.Unary(op, dst, dst)
		requireSame(t, want, dst, false, "Unary in place", op)
	}
	for i, v := range a {
		want[i] = refBinary(kernel.Max, v, 0)
	}
	kernel.ReLU(dst, a)
	requireSame(t, want, dst, true, "ReLU")
	intact()
}

func testCompare[T kernel.Number](t *testing.T, n int) {
	a, b := random[T](4, n, true), random[T](5, n, true)
	copy(b[n/2:], a[n/2:]) // or nothing would ever be equal
	dst, intact := guarded[uint8](t, n, 1)
	want := make([]uint8, n)
	for _, op := range compareOps {
		for i := range want {
			want[i] = refCompare(op, a[i], b[i])
		}
		kernel.Compare(op, dst, a, b)
		requireSame(t, want, dst, false, "Compare", op)
		for _, s := range specials[T]() {
			for i := range want {
				want[i] = refCompare(op, a[i], s)
			}
			kernel.CompareScalar(op, dst, a, s)
			requireSame(t, want, dst, false, "CompareScalar", op, s)
		}
	}
	intact()
	testSelect(t, dst, a, b)
}

func testSelect[T kernel.Number](t *testing.T, mask []uint8, a, b []T) {
	want := make([]T, len(a))
	for i := range want {
		mask[i] = uint8(i % 3) // 0, 1 and a mask that is true without being 1
		want[i] = b[i]
		if mask[i] != 0 {
			want[i] = a[i]
		}
	}
	dst, intact := guarded[T](t, len(a), 2)
	kernel.Select(dst, mask, a, b)
	requireSame(t, want, dst, false, "Select")
	copy(dst, b)
	kernel.Select(dst, mask, a, dst)
	requireSame(t, want, dst, false, "Select dst == b")
	intact()
}

// TestIntegerDivision holds the documented panics and wraps.
func TestIntegerDivision(t *testing.T) {
	require.PanicsWithError(t, "runtime error: integer divide by zero", func() {
		kernel.Binary(kernel.Div, make([]int32, 20), make([]int32, 20), make([]int32, 20))
	})
	d := []int8{-128}
	kernel.BinaryScalar(kernel.Div, d, d, -1)
	require.Equal(t, []int8{-128}, d)
}

// TestMisuse holds the messages for operations that do not exist and slices that are too short.
func TestMisuse(t *testing.T) {
	for _, n := range []int{1, 40} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f, i, u := make([]float32, n), make([]int, n), make([]uint8, n)
			require.PanicsWithValue(t, "kernel: unknown BinaryOp 99", func() { kernel.Binary(99, f, f, f) })
			require.PanicsWithValue(t, "kernel: unknown BinaryOp 99", func() { kernel.ScalarBinary(99, i, 1, i) })
			require.PanicsWithValue(t, "kernel: unknown BinaryOp 99", func() { kernel.BinaryStrided(99, f, 2, f, 0, f, 0, 1) })
			require.PanicsWithValue(t, "kernel: unknown UnaryOp 99", func() { kernel.Unary(99, f, f) })
			require.PanicsWithValue(t, "kernel: unknown FloatOp 99", func() { kernel.UnaryFloat(99, f, f) })
			require.PanicsWithValue(t, "kernel: unknown CompareOp 99", func() { kernel.Compare(99, u, f, f) })
			require.PanicsWithValue(t, "kernel: unknown CompareOp 99", func() { kernel.CompareScalar(99, u, f, 0) })
			require.Panics(t, func() { kernel.Binary(kernel.Add, f, f[:n-1:n-1], f) })
			require.Panics(t, func() { kernel.Dot(f, f[:n-1:n-1]) })
		})
	}
	require.Panics(t, func() { kernel.MaxOf([]float32{}) })
	require.Panics(t, func() { kernel.ArgMin([]int{}) })
}
