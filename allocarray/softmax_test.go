package allocarray_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// testSoftmax compares with float64. The tolerances are those that the kernels
// state (internal/kernel, softmax.go): 1e-5 relative for float32, whose exponential
// is the SIMD library's, and 1e-15, here with room for the reference, for float64;
// log-softmax rounds a difference twice.
func testSoftmax[T allocarray.Float](t *testing.T) {
	type array = allocarray.AllocArray[T]
	relative := 1e-5
	if unit[T]() < 0x1p-24 {
		relative = 4e-15
	}
	for _, c := range []struct {
		name string
		op   func(ctx context.Context, a array) array
		into func(dst, a array)
		log  bool
	}{
		{"Softmax", allocarray.Softmax[T], allocarray.SoftmaxInto[T], false},
		{"LogSoftmax", allocarray.LogSoftmax[T], allocarray.LogSoftmaxInto[T], true},
	} {
		equal := func(want, got T) bool {
			w, g := float64(want), float64(got)
			if c.log {
				return same(want, got) || math.Abs(w-g) <= 4*unit[T]()*(math.Abs(w)+20)
			}
			return same(want, got) || math.Abs(w-g) <= relative*w+1e-38
		}
		eachSource(floatsWithFew[T](), func(a array, label []any) {
			if a.Rank() == 0 {
				require.PanicsWithValue(t, "allocarray: "+c.name+": the array has no axes", func() { c.op(t.Context(), a) })
				return
			}
			want := softmaxOf(read(a), c.log)
			require.Empty(t, differs(want, c.op(t.Context(), a), equal), label...)
			for _, turn := range []int{0, 3} { // destinations whose rows are contiguous
				checkInto(t, turn, want, equal, func(dst array) { c.into(dst, a) }, label)
			}
		})
		x := allocarray.Wrap([]T{1, 2, 3, 4, 5, 6}, 2, 3)
		want := softmaxOf(read(x), c.log)
		c.into(x, x)
		require.Empty(t, differs(want, x, equal), "in place")
		require.PanicsWithValue(t, "allocarray: "+c.name+"Into: the rows of dst are not contiguous: its strides are [1 3]",
			func() { c.into(x.Transpose(), x.Transpose()) })
	}
}

// floatsWithFew is numbers of which one in a hundred is not finite.
func floatsWithFew[T allocarray.Float]() func(int) []T {
	r := newRand()
	return fillWith(func() T {
		if r.IntN(100) == 0 {
			return T([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}[r.IntN(3)])
		}
		return T(r.NormFloat64() * 5)
	})
}

func softmaxOf[T allocarray.Float](d dense[T], log bool) dense[T] {
	if d.data == nil {
		return dense[T]{shape: d.shape}
	}
	out := dense[T]{shape: d.shape}
	for row := range slices.Chunk(d.data, d.shape[len(d.shape)-1]) {
		top, sum := float64(slices.Max(row)), 0.0
		for _, v := range row {
			if v != v {
				top = math.NaN()
			}
		}
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
		}
		for _, v := range row {
			if shifted := float64(v) - top; log {
				out.data = append(out.data, T(shifted-math.Log(sum)))
			} else {
				out.data = append(out.data, T(math.Exp(shifted)/sum))
			}
		}
	}
	return out
}
