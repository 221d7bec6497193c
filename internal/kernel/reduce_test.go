package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// requireClose compares a rounded sum with its reference: exact for integers, within k units of the summed
// magnitudes for floats.
func requireClose[T kernel.Number](t *testing.T, want, got T, size float64, k int, msg string) {
	if want == got || isFloat[T]() && math.Abs(float64(want)-float64(got)) <= float64(k+2)*epsilon[T]()*size {
		return
	}
	t.Helper()
	require.Failf(t, "not close", "%s: want %v, got %v", msg, want, got)
}

func testReduce[T kernel.Number](t *testing.T, n int) {
	a, b := random[T](6, n, false), random[T](7, n, false)
	one := func(int, int) T { return 1 }
	at := func(s []T) func(i, j int) T { return func(i, j int) T { return s[max(i, j)] } }
	want, size := refMatMul(1, n, 1, at(a), one)
	requireClose(t, want[0], kernel.Sum(a), size[0], n, "Sum")
	want, size = refMatMul(1, n, 1, at(a), at(b))
	requireClose(t, want[0], kernel.Dot(a, b), size[0], n, "Dot")
	for _, special := range []bool{false, true} {
		testExtremes(t, random[T](8, n, special))
	}
}

func testExtremes[T kernel.Number](t *testing.T, a []T) {
	if len(a) == 0 {
		return
	}
	lo := refArg(a, func(x, y T) bool { return x < y })
	hi := refArg(a, func(x, y T) bool { return x > y })
	require.Equal(t, lo, kernel.ArgMin(a), "ArgMin %v", a)
	require.Equal(t, hi, kernel.ArgMax(a), "ArgMax %v", a)
	requireSame(t, []T{a[lo], a[hi]}, []T{kernel.MinOf(a), kernel.MaxOf(a)}, true, "MinOf, MaxOf")
}

// TestNaNAnywhere puts one NaN at every place of a long slice, which no block boundary may hide.
func TestNaNAnywhere(t *testing.T) {
	t.Run("float32", testNaNAnywhere[float32])
	t.Run("float64", testNaNAnywhere[float64])
}

func testNaNAnywhere[T kernel.Float](t *testing.T) {
	a := random[T](9, 4999, false)
	for i := 0; i < len(a); i += 31 {
		kept := a[i]
		a[i] = T(math.NaN())
		require.True(t, math.IsNaN(float64(kernel.MaxOf(a))))
		require.True(t, math.IsNaN(float64(kernel.MinOf(a))))
		require.True(t, math.IsNaN(float64(kernel.Sum(a))))
		require.Equal(t, i, kernel.ArgMax(a))
		require.Equal(t, i, kernel.ArgMin(a))
		a[i] = kept
	}
	a[17], a[4000] = T(math.Inf(1)), T(math.Inf(-1)) // the sum is NaN, the extremes are not
	require.Equal(t, 17, kernel.ArgMax(a))
	require.Equal(t, T(math.Inf(-1)), kernel.MinOf(a))
}

// TestSumAccuracy holds the documented bound where a plain float32 loop is visibly wrong.
func TestSumAccuracy(t *testing.T) {
	a := make([]float32, 1<<20+3)
	kernel.Fill(a, 0.1)
	want := float64(len(a)) * float64(float32(0.1))
	bound := (512 + 12) * 0x1p-24 * want
	require.InDelta(t, want, float64(kernel.Sum(a)), bound)
	ones := make([]float32, len(a))
	kernel.Fill(ones, 1)
	require.InDelta(t, want, float64(kernel.Dot(a, ones)), bound)
	naive := float32(0)
	for _, v := range a {
		naive += v
	}
	require.Greater(t, math.Abs(float64(naive)-want), bound, "the plain loop should fail, or this test says nothing")
}

func testAccumulate[T kernel.Number](t *testing.T, n int) {
	x, y := random[T](10, n, false), random[T](11, n, false)
	dst, intact := guarded[T](t, n, 4)
	copy(dst, y)
	kernel.AddScaled(dst, 3, x)
	for i := range n {
		size := 3*math.Abs(float64(x[i])) + math.Abs(float64(y[i]))
		requireClose(t, y[i]+3*x[i], dst[i], size, 2, "AddScaled")
	}
	kernel.Fill(dst, 42)
	for _, v := range dst {
		require.Equal(t, T(42), v)
	}
	intact()
}

// TestFillLong covers the part of Fill that copies.
func TestFillLong(t *testing.T) {
	for _, n := range []int{511, 512, 513, 1024, 5000} {
		dst, intact := guarded[int16](t, n, 3)
		kernel.Fill(dst, -5)
		for _, v := range dst {
			require.Equal(t, int16(-5), v)
		}
		intact()
	}
}
