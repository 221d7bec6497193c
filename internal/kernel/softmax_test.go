package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

func TestSoftmax(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testSoftmax[float32](t, 0x1p-24) })
	t.Run("float64", func(t *testing.T) { testSoftmax[float64](t, 0x1p-53) })
}

// testSoftmax compares with the definition in float64, within the documented errors; u is half a unit in the last place.
func testSoftmax[T kernel.Float](t *testing.T, u float64) {
	for _, n := range []int{0, 1, 2, 7, 8, 10, 33, 70, 1000, 20000} {
		a := random[T](21, n, false)
		for i := range a {
			a[i] *= 1 + T(i%7) // far from the maximum, too
		}
		want, logs := refSoftmax(a)
		dst, intact := guarded[T](t, n, 3)
		kernel.SoftmaxRow(dst, a)
		total := 0.0
		for i, w := range want {
			most := float64(0)
			if n > 0 {
				most = float64(kernel.MaxOf(a))
			}
			relative := (80 + float64(n)/1024 + 3*(most-float64(a[i]))) * u
			require.InDelta(t, w, float64(dst[i]), relative*w+1e-37, "SoftmaxRow of %v at %d of %d", a[i], i, n)
			total += float64(dst[i])
		}
		if n > 0 {
			require.InDelta(t, 1, total, 20*epsilon[T]())
		}
		inPlace := append([]T(nil), a...)
		kernel.SoftmaxRow(inPlace, inPlace)
		require.Equal(t, append([]T(nil), dst...), inPlace)
		kernel.LogSoftmaxRow(dst, a)
		for i, w := range logs {
			require.InDelta(t, w, float64(dst[i]), (80+float64(n)/1024+4*math.Abs(w))*u, "LogSoftmaxRow at %d of %d", i, n)
		}
		copy(inPlace, a)
		kernel.LogSoftmaxRow(inPlace, inPlace)
		require.Equal(t, append([]T(nil), dst...), inPlace)
		intact()
	}
}

func refSoftmax[T kernel.Float](a []T) (p, logs []float64) {
	m, sum := math.Inf(-1), 0.0
	for _, v := range a {
		m = math.Max(m, float64(v))
	}
	for _, v := range a {
		sum += math.Exp(float64(v) - m)
	}
	for _, v := range a {
		p = append(p, math.Exp(float64(v)-m)/sum)
		logs = append(logs, float64(v)-m-math.Log(sum))
	}
	return p, logs
}

func TestSoftmaxSpecials(t *testing.T) {
	t.Run("float32", testSoftmaxSpecials[float32])
	t.Run("float64", testSoftmaxSpecials[float64])
}

func testSoftmaxSpecials[T kernel.Float](t *testing.T) {
	inf := math.Inf(1)
	for _, n := range []int{1, 5, 9, 40} { // short rows and SIMD rows
		for name, v := range map[string]float64{"NaN": math.NaN(), "+Inf": inf} {
			a := random[T](1, n, false)
			a[n/2] = T(v)
			kernel.SoftmaxRow(a, a)
			for _, x := range a {
				require.True(t, x != x, "%s in a row of %d gives %v", name, n, a)
			}
		}
		row, dst := make([]T, n), make([]T, n)
		kernel.Fill(row, T(-inf))
		kernel.SoftmaxRow(dst, row)
		require.True(t, dst[0] != dst[0], "a row of -Inf has no softmax")
		row[n-1] = 3
		kernel.SoftmaxRow(dst, row)
		require.Equal(t, T(1), dst[n-1])
		require.Equal(t, make([]T, n-1), dst[:n-1], "-Inf beside a finite number")
		kernel.LogSoftmaxRow(dst, row)
		require.Equal(t, T(0), dst[n-1])
		require.True(t, n == 1 || math.IsInf(float64(dst[0]), -1))
		kernel.Fill(row, 3e38) // would overflow without the shift
		kernel.SoftmaxRow(dst, row)
		require.InDelta(t, 1/float64(n), float64(dst[0]), 1e-7)
	}
}
