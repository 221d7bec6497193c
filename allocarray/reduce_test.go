package allocarray_test

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// eachSource calls fn with arrays of all shapes in all layouts.
func eachSource[T allocarray.Element](memory func(int) []T, fn func(a allocarray.AllocArray[T], label []any)) {
	for _, shape := range append(shapes, []int{1001, 2}, []int{3, 2, 9}) { // few results, many elements, and the reverse
		for _, l := range sources[T]() {
			fn(l.view(shape, memory), []any{"%v %s", shape, l.name})
		}
	}
}

func testReduce[T allocarray.Element](t *testing.T) {
	eachSource(whole[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		require.Equal(t, sumOf(read(a).data), allocarray.Sum(a), label...)
	})
	eachSource(values[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		x := read(a).data
		if len(x) == 0 {
			requireEmptyPanics(t, a)
			return
		}
		low, high := extremesOf(x)
		require.Equal(t, low, allocarray.ArgMin(a), label...)
		require.Equal(t, high, allocarray.ArgMax(a), label...)
		require.True(t, same(x[low], allocarray.Min(a)), label...)
		require.True(t, same(x[high], allocarray.Max(a)), label...)
	})
}

func requireEmptyPanics[T allocarray.Element](t *testing.T, a allocarray.AllocArray[T]) {
	for name, fn := range map[string]func(){
		"Max": func() { allocarray.Max(a) }, "Min": func() { allocarray.Min(a) },
		"ArgMax": func() { allocarray.ArgMax(a) }, "ArgMin": func() { allocarray.ArgMin(a) },
	} {
		require.Equal(t, "allocarray: "+name+": shape "+shapeText(a.Shape())+" has no elements", panicOf(fn))
	}
}

func sumOf[T allocarray.Element](x []T) (sum T) {
	for _, v := range x {
		sum += v
	}
	return sum
}

// extremesOf returns the positions of the first smallest and largest elements; of
// the first NaN if there is one.
func extremesOf[T allocarray.Element](x []T) (low, high int) {
	for i, v := range x {
		if v != v {
			return i, i
		}
		if v < x[low] {
			low = i
		}
		if v > x[high] {
			high = i
		}
	}
	return low, high
}

// along calls fn with the elements of d along an axis, for each index of the rest.
func along[T, R allocarray.Element](d dense[T], axis int, fn func(x []T) R) dense[R] {
	x, inside := make([]T, d.shape[axis]), product(d.shape[axis+1:])
	return build(without(d.shape, axis), func(index []int) R {
		off := offset(d.shape, with(index, axis, 0))
		for i := range x {
			x[i] = d.data[off+i*inside]
		}
		return fn(x)
	})
}

func offset(shape, index []int) (off int) {
	for i, x := range index {
		off = off*shape[i] + x
	}
	return off
}

// axisCase is a reduction along an axis with its result for one row.
type axisCase[T, R allocarray.Element] struct {
	name      string
	op        func(ctx context.Context, a allocarray.AllocArray[T], axis int) allocarray.AllocArray[R]
	into      func(dst allocarray.AllocArray[R], a allocarray.AllocArray[T], axis int)
	want      func(x []T) R
	equal     func(want, got R) bool
	ofNothing bool // has a result for an axis of length 0
}

func (c axisCase[T, R]) run(t *testing.T, memory func(int) []T) {
	turn := 0
	eachSource(memory, func(a allocarray.AllocArray[T], label []any) {
		x := read(a)
		for axis := -len(x.shape); axis < len(x.shape); axis++ {
			k := (axis + len(x.shape)) % len(x.shape)
			if x.shape[k] == 0 && !c.ofNothing {
				want := fmt.Sprintf("allocarray: %s: axis %d of shape %s has length 0", c.name, k, shapeText(x.shape)) // counted from the first
				require.Equal(t, want, panicOf(func() { c.op(t.Context(), a, axis) }), label...)
				continue
			}
			want := along(x, k, c.want)
			require.Empty(t, differs(want, c.op(t.Context(), a, axis), c.equal), label...)
			turn++
			checkInto(t, turn, want, c.equal, func(dst allocarray.AllocArray[R]) { c.into(dst, a, axis) }, label)
		}
	})
}

func testAxis[T allocarray.Element](t *testing.T) {
	first := func(low bool) func(x []T) int {
		return func(x []T) int {
			l, h := extremesOf(x)
			if low {
				return l
			}
			return h
		}
	}
	value := func(low bool) func(x []T) T { return func(x []T) T { return x[first(low)(x)] } }
	sum := axisCase[T, T]{"SumAxis", allocarray.SumAxis[T], allocarray.SumAxisInto[T], sumOf[T], same[T], true}
	sum.run(t, whole[T](newRand()))
	for _, c := range []axisCase[T, T]{
		{"MinAxis", allocarray.MinAxis[T], allocarray.MinAxisInto[T], value(true), same[T], false},
		{"MaxAxis", allocarray.MaxAxis[T], allocarray.MaxAxisInto[T], value(false), same[T], false},
	} {
		c.run(t, values[T](newRand()))
	}
	for _, c := range []axisCase[T, int]{
		{"ArgMinAxis", allocarray.ArgMinAxis[T], allocarray.ArgMinAxisInto[T], first(true), same[int], false},
		{"ArgMaxAxis", allocarray.ArgMaxAxis[T], allocarray.ArgMaxAxisInto[T], first(false), same[int], false},
	} {
		c.run(t, values[T](newRand()))
	}
}

func testDot[T allocarray.Element](t *testing.T) {
	r := newRand()
	for _, shape := range shapes {
		for _, la := range sources[T]() {
			for _, lb := range sources[T]() {
				a, b := la.view(shape, whole[T](r)), lb.view(shape, whole[T](r))
				x, y, want := read(a).data, read(b).data, T(0)
				for i := range x {
					want += x[i] * y[i]
				}
				require.Equal(t, want, allocarray.Dot(a, b), "%v %s %s", shape, la.name, lb.name)
			}
		}
	}
}

func testMean[T allocarray.Float](t *testing.T) {
	mean := func(x []T) T { return sumOf(x) / T(len(x)) }
	eachSource(whole[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		require.True(t, same(mean(read(a).data), allocarray.Mean(a)), label...)
	})
	c := axisCase[T, T]{"MeanAxis", allocarray.MeanAxis[T], allocarray.MeanAxisInto[T], mean, same[T], true}
	c.run(t, whole[T](newRand()))
}

// testSumError holds the error bound of a sum one after the other, n·u·Σ|x|
// (N. J. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput.
// 14, 1993), which is the weakest of the orders used, against exact sums.
func testSumError[T allocarray.Float](t *testing.T) {
	r := newRand()
	normal := fillWith(func() T { return T(r.NormFloat64() * math.Exp2(float64(r.IntN(20)))) })
	for _, l := range sources[T]() {
		a := l.view([]int{70, 101}, normal)
		x := read(a)
		requireSum(t, x.data, allocarray.Sum(a))
		for axis := range 2 {
			got := read(allocarray.SumAxis(t.Context(), a, axis)).data
			i := 0
			along(x, axis, func(row []T) T { requireSum(t, row, got[i]); i++; return 0 })
		}
	}
}

func requireSum[T allocarray.Float](t *testing.T, x []T, got T) {
	exact, size := new(big.Float).SetPrec(300), 0.0
	for _, v := range x {
		exact.Add(exact, big.NewFloat(float64(v)))
		size += math.Abs(float64(v))
	}
	want, _ := exact.Float64()
	require.InDelta(t, want, float64(got), float64(len(x))*unit[T]()*size)
}

// unit is the largest relative error of one rounding.
func unit[T allocarray.Float]() float64 {
	if _, single := any(T(0)).(float32); single {
		return 0x1p-24
	}
	return 0x1p-53
}

// TestIntegersWrap: NumPy's integers wrap in sums as Go's do, without a wider type.
func TestIntegersWrap(t *testing.T) {
	a := allocarray.Wrap([]int8{100, 100, 100, -128}, 2, 2)
	require.Equal(t, int8(-84), allocarray.Sum(a))
	require.Equal(t, []int8{-56, -28}, allocarray.SumAxis(t.Context(), a, 1).Data())
	require.Equal(t, int8(-128), allocarray.Abs(t.Context(), a).At(1, 1))
	require.Panics(t, func() { allocarray.DivScalar(t.Context(), a, 0) }, "as Go: integer divide by zero")
}
