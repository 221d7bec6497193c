package allocarray_test

import (
	"context"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

func number(x float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(x) }

// exactSpread returns n, Σ(x-mean)(y-mean) of exact arithmetic, and the largest |x|, |y|.
func exactSpread[T allocarray.Float](x, y []T) (n, spread, largest float64) {
	n = float64(len(x))
	mx, my, sum := number(0), number(0), number(0)
	for i := range x {
		mx.Add(mx, number(float64(x[i])))
		my.Add(my, number(float64(y[i])))
		largest = max(largest, math.Abs(float64(x[i])), math.Abs(float64(y[i])))
	}
	mx.Quo(mx, number(n))
	my.Quo(my, number(n))
	for i := range x {
		dx, dy := number(float64(x[i])), number(float64(y[i]))
		dx.Sub(dx, mx)
		dy.Sub(dy, my)
		sum.Add(sum, dx.Mul(dx, dy))
	}
	spread, _ = sum.Float64()
	return n, spread, largest
}

// requireVariance holds the bound of the corrected two-pass algorithm, a relative error of
// about n·u and a second one of (n·u)³ times the square of mean/deviation (Chan, Golub and
// LeVeque), and the rounding to T.
func requireVariance[T allocarray.Float](t *testing.T, x []T, ddof int, got T) {
	const u = 0x1p-53
	n, spread, largest := exactSpread(x, x)
	want := spread / (n - float64(ddof))
	bound := (n+10)*u*want + n*n*u*n*n*u*u*n*largest*largest/(n-float64(ddof)) + 2*unit[T]()*want
	require.InDelta(t, want, float64(got), bound, "%d elements", len(x))
}

func testSpread[T allocarray.Float](t *testing.T) {
	r := newRand()
	means := []float64{1e6, 0, 1}
	if testing.Short() {
		means = means[:1]
	}
	for _, mean := range means {
		memory := fillWith(func() T { return T(mean + r.NormFloat64()) })
		for _, shape := range [][]int{{2}, {3, 2}, {70, 66}, {5, 3, 70}} {
			for _, l := range sources[T]() {
				a := l.view(shape, memory)
				x := read(a)
				requireVariance(t, x.data, 1, allocarray.Var(a, 1))
				require.Equal(t, T(math.Sqrt(float64(allocarray.Var(a.Heap(), 0)))), std(a), "Std is the root, and bits do not depend on the layout")
				for axis := range shape {
					got, i := read(allocarray.VarAxis(t.Context(), a, axis, 1)).data, 0
					along(x, axis, func(line []T) T {
						requireVariance(t, line, 1, got[i])
						require.Equal(t, allocarray.Var(allocarray.Wrap(line), 1), got[i], "an axis gives the bits of the line alone")
						i++
						return 0
					})
				}
			}
		}
	}
}

// std is the square root of the variance in float64, rounded once.
func std[T allocarray.Float](a allocarray.AllocArray[T]) T {
	if unit[T]() == 0x1p-24 { // the root of a rounded variance is another number
		return T(math.Sqrt(float64(allocarray.Var(a, 0))))
	}
	return allocarray.Std(a, 0)
}

// TestVarByHand: NumPy's answers.
func TestVarByHand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		x    []float64
		ddof int
		want float64
	}{
		{[]float64{1, 2, 3, 4}, 0, 1.25},
		{[]float64{1, 2, 3, 4}, 1, 5.0 / 3},
		{[]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, 1, 30},
		{[]float64{0.1, 0.1, 0.1}, 0, 0},
		{[]float64{7}, 0, 0},
		{[]float64{7}, 1, nan},
		{[]float64{1, 2}, 2, inf},
		{nil, 0, nan},
		{nil, 1, nan},
		{[]float64{1, nan}, 0, nan},
		{[]float64{1, inf}, 0, nan},
	} {
		a := allocarray.Wrap(c.x)
		require.True(t, same(c.want, allocarray.Var(a, c.ddof)), "%v: %v", c, allocarray.Var(a, c.ddof))
		require.True(t, same(math.Sqrt(c.want), allocarray.Std(a, c.ddof)), "%v", c)
		require.True(t, same(c.want, allocarray.VarAxis(t.Context(), a, 0, c.ddof).Item()), "%v", c)
		require.True(t, same(math.Sqrt(c.want), allocarray.StdAxis(t.Context(), a, -1, c.ddof).Item()), "%v", c)
	}
	require.Equal(t, "allocarray: Var: ddof -1 is negative", panicOf(func() { allocarray.Var(allocarray.Wrap([]float32{1}), -1) }))
	into := func(f func(dst, a allocarray.AllocArray[float32], axis, ddof int)) func() {
		return func() { f(allocarray.Wrap([]float32{0}).Index(0, 0), allocarray.Wrap([]float32{1}), 0, -1) }
	}
	require.Equal(t, "allocarray: VarAxisInto: ddof -1 is negative", panicOf(into(allocarray.VarAxisInto[float32])))
	require.Equal(t, "allocarray: StdAxisInto: ddof -1 is negative", panicOf(into(allocarray.StdAxisInto[float32])))
}

func testNorm[T allocarray.Float](t *testing.T) {
	norm := func(x []T) T {
		sum := number(0)
		for _, v := range x {
			if v != v || math.IsInf(float64(v), 0) {
				return allocarray.Norm(allocarray.Wrap(x)) // TestNormByHand
			}
			sum.Add(sum, new(big.Float).SetPrec(300).Mul(number(float64(v)), number(float64(v))))
		}
		root, _ := sum.Sqrt(sum).Float64()
		return T(root)
	}
	near := func(want, got T) bool {
		return same(want, got) || math.Abs(float64(want-got)) <= 2000*unit[T]()*float64(want)
	}
	axisCase[T, T]{"NormAxis", allocarray.NormAxis[T], allocarray.NormAxisInto[T], norm, near, true}.run(t, values[T](newRand()))
	eachSource(whole[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		require.True(t, near(norm(read(a).data), allocarray.Norm(a)), label...)
		require.Equal(t, allocarray.Norm(a.Heap()), allocarray.Norm(a), label...)
	})
}

// TestNormByHand: the ends of the range.
func TestNormByHand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		x    []float64
		want float64
	}{
		{nil, 0},
		{[]float64{3, 4}, 5},
		{[]float64{0, math.Copysign(0, -1)}, 0},
		{[]float64{3e300, -4e300}, 5e300},
		{[]float64{3e-300, 4e-300}, 5e-300},
		{[]float64{5e-324, 0}, 5e-324},
		{[]float64{3 * 0x1p-1060, 4 * 0x1p-1060}, 5 * 0x1p-1060},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, inf},
		{[]float64{1, -inf}, inf},
		{[]float64{inf, nan}, nan},
		{[]float64{nan, 0}, nan},
	} {
		got := allocarray.Norm(allocarray.Wrap(c.x))
		require.True(t, same(c.want, got) || math.Abs(c.want-got) < 1e-15*c.want, "%v: %v", c, got)
		require.True(t, same(got, allocarray.NormAxis(t.Context(), allocarray.Wrap(c.x), 0).Item()), "%v", c)
	}
	require.Equal(t, float32(5e30), allocarray.Norm(allocarray.Wrap([]float32{3e30, 4e30})))
}

func testCov[T allocarray.Float](t *testing.T) {
	const u = 0x1p-53
	r := newRand()
	memory := fillWith(func() T { return T(1e5 + r.NormFloat64()) })
	turn := 0
	for _, shape := range [][]int{{1, 2}, {3, 5}, {4, 50}, {70, 9}} {
		for _, l := range sources[T]() {
			a := l.view(shape, memory)
			x := read(a)
			row := func(i int) []T { return x.data[i*shape[1] : (i+1)*shape[1]] }
			got := allocarray.Cov(t.Context(), a, 1)
			sizes := make([]float64, shape[0])
			for i := range sizes {
				_, sizes[i], _ = exactSpread(row(i), row(i))
			}
			for i := range shape[0] {
				for j := i % 7; j < shape[0]; j += 1 + len(sizes)/6 {
					n, spread, largest := exactSpread(row(i), row(j))
					size := math.Sqrt(sizes[i]*sizes[j]) / (n - 1)
					bound := (2*n+20)*u*size + n*n*u*n*n*u*u*n*largest*largest/(n-1) + 2*unit[T]()*size
					require.InDelta(t, spread/(n-1), float64(got.At(i, j)), bound, "%v %s: %d, %d", shape, l.name, i, j)
				}
			}
			turn++
			checkInto(t, turn, read(allocarray.Cov(t.Context(), a.Heap(), 0)), same[T], func(dst allocarray.AllocArray[T]) {
				allocarray.CovInto(dst, a, 0) // the same bits from every layout
			}, []any{"%v %s", shape, l.name})
		}
	}
}

// TestCovShapes: of nothing, and of what is no matrix.
func TestCovShapes(t *testing.T) {
	ctx := t.Context()
	require.Equal(t, []int{0, 0}, allocarray.Cov(ctx, allocarray.New[float64](ctx, 0, 5), 1).Shape())
	require.True(t, math.IsNaN(allocarray.Cov(ctx, allocarray.New[float64](ctx, 2, 0), 1).At(1, 0)))
	require.True(t, math.IsNaN(allocarray.Cov(ctx, allocarray.New[float64](ctx, 2, 1), 1).At(1, 0)))
	require.Equal(t, "allocarray: Cov: shape 3 is not a matrix of variables by samples",
		panicOf(func() { allocarray.Cov(ctx, allocarray.New[float32](ctx, 3), 1) }))
	require.Contains(t, panicOf(func() { allocarray.Cov(ctx, allocarray.New[float32](ctx, 3, 3), -2) }), "ddof -2 is negative")
	a := allocarray.New[float64](ctx, 2, 5)
	require.Contains(t, panicOf(func() { allocarray.CovInto(a.Slice(1, 0, 2), a, 0) }), "overlaps")
}

func testQuantile[T allocarray.Float](t *testing.T) {
	qs := []float64{0.25, 1, 1.0 / 3, 0, 0.5, 0.1, 0.999}
	if testing.Short() {
		qs = qs[:3]
	}
	for _, q := range qs {
		want := func(x []T) T { return quantileOf(x, q) }
		op := func(ctx context.Context, a allocarray.AllocArray[T], axis int) allocarray.AllocArray[T] {
			return allocarray.QuantileAxis(ctx, a, axis, q)
		}
		into := func(dst, a allocarray.AllocArray[T], axis int) { allocarray.QuantileAxisInto(dst, a, axis, q) }
		for _, memory := range []func(int) []T{whole[T](newRand()), noNaN(values[T](newRand())), values[T](newRand())} {
			axisCase[T, T]{"QuantileAxis", op, into, want, same[T], true}.run(t, memory)
			eachSource(memory, func(a allocarray.AllocArray[T], label []any) {
				require.True(t, same(want(read(a).data), allocarray.Quantile(a, q)), label...)
			})
		}
	}
	median := func(x []T) T { return quantileOf(x, 0.5) }
	axisCase[T, T]{"MedianAxis", allocarray.MedianAxis[T], allocarray.MedianAxisInto[T], median, same[T], true}.run(t, values[T](newRand()))
}

// noNaN replaces NaN, which would hide everything else.
func noNaN[T allocarray.Float](memory func(int) []T) func(int) []T {
	return func(n int) []T {
		s := memory(n)
		for i, v := range s {
			if v != v {
				s[i] = T(i)
			}
		}
		return s
	}
}

// quantileOf is the definition: sort, then interpolate as NumPy does.
func quantileOf[T allocarray.Float](x []T, q float64) T {
	x = sorted(x)
	if len(x) == 0 || x[len(x)-1] != x[len(x)-1] {
		return T(math.NaN())
	}
	h := float64(len(x)-1) * q
	k := int(h)
	t, low, high := h-float64(k), float64(x[k]), float64(x[min(k+1, len(x)-1)])
	switch {
	case t == 0 || low == high:
		return T(low)
	case t < 0.5:
		return T(low + float64((high-low)*t))
	}
	return T(high - float64((high-low)*(1-t)))
}

// TestQuantileOfMany: so many elements that they are counted by their digits, with as many
// equal ones as the stack does not hold, and neighbours that differ in every digit.
func TestQuantileOfMany(t *testing.T) {
	r := newRand()
	for name, next := range map[string]func() float64{
		"normal":       r.NormFloat64,
		"few values":   func() float64 { return float64(r.IntN(3)) },
		"one value":    func() float64 { return -2.5 },
		"neighbours":   func() float64 { return 1 + float64(r.IntN(1000))*0x1p-52 },
		"all sizes":    func() float64 { return math.Float64frombits(r.Uint64() &^ (1 << 62)) },
		"zeros":        func() float64 { return math.Copysign(0, r.NormFloat64()) },
		"an infinity":  func() float64 { return 1 / float64(r.IntN(4)) },
		"two clusters": func() float64 { return math.Copysign(1e300, r.NormFloat64()) },
	} {
		x := noNaN(fillWith(next))(5001)
		a := allocarray.Wrap(x)
		for _, q := range []float64{0, 1, 0.5, 0.25, 0.7501, 0.00005, 0.99999} {
			require.True(t, same(quantileOf(x, q), allocarray.Quantile(a, q)), "%s, q=%v: %v, want %v", name, q, allocarray.Quantile(a, q), quantileOf(x, q))
		}
		single := allocarray.Convert[float32](t.Context(), a)
		require.True(t, same(quantileOf(single.Data(), 0.37), allocarray.Quantile(single, 0.37)), name)
		single.SetFlat(float32(math.NaN()), 4999)
		require.True(t, math.IsNaN(float64(allocarray.Median(single))), name)
	}
	for _, q := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		require.Contains(t, panicOf(func() { allocarray.Quantile(allocarray.Wrap([]float64{1}), q) }), "not between 0 and 1")
	}
	require.Equal(t, 2.5, allocarray.Median(allocarray.Wrap([]float64{4, 1, 3, 2})))
}
