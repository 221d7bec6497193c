package allocarray_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// binaryCase is an operation on two arrays with its result for two elements.
type binaryCase[T, R allocarray.Element] struct {
	name  string
	op    func(ctx context.Context, a, b allocarray.AllocArray[T]) allocarray.AllocArray[R]
	into  func(dst allocarray.AllocArray[R], a, b allocarray.AllocArray[T])
	want  func(x, y T) R
	equal func(want, got R) bool
}

func testBinary[T allocarray.Element](t *testing.T) {
	for _, c := range []binaryCase[T, T]{
		{"Add", allocarray.Add[T], allocarray.AddInto[T], func(x, y T) T { return x + y }, sameSign[T]},
		{"Sub", allocarray.Sub[T], allocarray.SubInto[T], func(x, y T) T { return x - y }, sameSign[T]},
		{"Mul", allocarray.Mul[T], allocarray.MulInto[T], func(x, y T) T { return x * y }, sameSign[T]},
		{"Div", allocarray.Div[T], allocarray.DivInto[T], func(x, y T) T { return x / y }, sameSign[T]},
		{"Minimum", allocarray.Minimum[T], allocarray.MinimumInto[T], func(x, y T) T { return min(x, y) }, same[T]},
		{"Maximum", allocarray.Maximum[T], allocarray.MaximumInto[T], func(x, y T) T { return max(x, y) }, same[T]},
	} {
		t.Run(c.name, c.run)
	}
}

func testCompare[T allocarray.Element](t *testing.T) {
	for _, c := range []binaryCase[T, uint8]{
		{"Equal", allocarray.Equal[T], allocarray.EqualInto[T], func(x, y T) uint8 { return truth(x == y) }, same[uint8]},
		{"NotEqual", allocarray.NotEqual[T], allocarray.NotEqualInto[T], func(x, y T) uint8 { return truth(x != y) }, same[uint8]},
		{"Less", allocarray.Less[T], allocarray.LessInto[T], func(x, y T) uint8 { return truth(x < y) }, same[uint8]},
		{"LessEqual", allocarray.LessEqual[T], allocarray.LessEqualInto[T], func(x, y T) uint8 { return truth(x <= y) }, same[uint8]},
		{"Greater", allocarray.Greater[T], allocarray.GreaterInto[T], func(x, y T) uint8 { return truth(x > y) }, same[uint8]},
		{"GreaterEqual", allocarray.GreaterEqual[T], allocarray.GreaterEqualInto[T], func(x, y T) uint8 { return truth(x >= y) }, same[uint8]},
	} {
		t.Run(c.name, c.run)
	}
}

func truth(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// sameSign is same for operations whose zeros have the sign of IEEE 754.
func sameSign[T allocarray.Element](x, y T) bool {
	return same(x, y) && (x != 0 || math.Signbit(float64(x)) == math.Signbit(float64(y)))
}

// run compares the operation with its reference in all pairs of layouts and shapes;
// each is written to a destination of another layout as well.
func (c binaryCase[T, R]) run(t *testing.T) {
	r, turn := newRand(), 0
	for _, pair := range shapePairs {
		for _, la := range sources[T]() {
			for _, lb := range sources[T]() {
				a, b := la.view(pair[0], values[T](r)), lb.view(pair[1], nonZero[T](r))
				want := c.expected(a, b)
				label := []any{"%v %s, %v %s", pair[0], la.name, pair[1], lb.name}
				require.Empty(t, differs(want, c.op(t.Context(), a, b), c.equal), label...)
				turn++
				checkInto(t, turn, want, c.equal, func(dst allocarray.AllocArray[R]) { c.into(dst, a, b) }, label)
			}
		}
	}
}

func (c binaryCase[T, R]) expected(a, b allocarray.AllocArray[T]) dense[R] {
	x, y := read(a), read(b)
	shape, _ := broadcast(x.shape, y.shape)
	return build(shape, func(i []int) R { return c.want(x.at(i...), y.at(i...)) })
}

// checkInto calls an Into form with a destination of one layout, the turn-th, full
// of poison: the result must be right and nothing beside it written.
func checkInto[R allocarray.Element](t *testing.T, turn int, want dense[R], equal func(want, got R) bool,
	into func(dst allocarray.AllocArray[R]), label []any,
) {
	all := destinations[R]()
	l := all[turn%len(all)]
	var memory []R
	dst := l.view(want.shape, func(n int) []R { memory = poison[R](n); return memory })
	before := slices.Clone(memory)
	into(dst)
	require.Empty(t, differs(want, dst, equal), label...)
	positions := read(l.places(want.shape))
	for _, p := range positions.data {
		before[p] = memory[p]
	}
	require.True(t, slices.EqualFunc(before, memory, same[R]), "%s destination: wrote beside it", l.name)
}

// places is the layout over memory whose elements are their own positions.
func (l layout[T]) places(shape []int) allocarray.AllocArray[int] {
	all := destinations[int]()
	i := slices.IndexFunc(all, func(m layout[int]) bool { return m.name == l.name })
	return all[i].view(shape, func(n int) []int {
		s := make([]int, n)
		for i := range s {
			s[i] = i
		}
		return s
	})
}

// unaryCase is an operation on one array with its result for one element.
type unaryCase[T, R allocarray.Element] struct {
	name  string
	op    func(ctx context.Context, a allocarray.AllocArray[T]) allocarray.AllocArray[R]
	into  func(dst allocarray.AllocArray[R], a allocarray.AllocArray[T])
	want  func(x T) R
	equal func(want, got R) bool
}

// run is as that of binaryCase.
func (c unaryCase[T, R]) run(t *testing.T, memory func(int) []T) {
	turn := 0
	for _, shape := range shapes {
		for _, l := range sources[T]() {
			a := l.view(shape, memory)
			x := read(a)
			want := build(shape, func(i []int) R { return c.want(x.at(i...)) })
			label := []any{"%v %s", shape, l.name}
			require.Empty(t, differs(want, c.op(t.Context(), a), c.equal), label...)
			for range 3 {
				turn++
				checkInto(t, turn, want, c.equal, func(dst allocarray.AllocArray[R]) { c.into(dst, a) }, label)
			}
		}
	}
}

func testUnary[T allocarray.Element](t *testing.T) {
	twice := func(x T) T { return x + x }
	for _, c := range []unaryCase[T, T]{
		{"Neg", allocarray.Neg[T], allocarray.NegInto[T], func(x T) T { return -x }, sameSign[T]},
		{"Abs", allocarray.Abs[T], allocarray.AbsInto[T], absolute[T], sameSign[T]},
		{"Square", allocarray.Square[T], allocarray.SquareInto[T], func(x T) T { return x * x }, sameSign[T]},
		{"ReLU", allocarray.ReLU[T], allocarray.ReLUInto[T], func(x T) T { return max(x, 0) }, same[T]},
		{
			"Map",
			func(ctx context.Context, a allocarray.AllocArray[T]) allocarray.AllocArray[T] {
				return allocarray.Map(ctx, a, twice)
			},
			func(dst, a allocarray.AllocArray[T]) { allocarray.MapInto(dst, a, twice) }, twice, same[T],
		},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, values[T](newRand())) })
	}
}

func absolute[T allocarray.Element](x T) T {
	if x < 0 || x == 0 && math.Signbit(float64(x)) {
		return -x
	}
	return x
}

func testScalar[T allocarray.Element](t *testing.T) {
	type array = allocarray.AllocArray[T]
	for _, c := range []struct {
		name  string
		op    func(ctx context.Context, a array, s T) array
		into  func(dst, a array, s T)
		want  func(x, y T) T
		equal func(x, y T) bool
	}{
		{"AddScalar", allocarray.AddScalar[T], allocarray.AddScalarInto[T], func(x, y T) T { return x + y }, sameSign[T]},
		{"SubScalar", allocarray.SubScalar[T], allocarray.SubScalarInto[T], func(x, y T) T { return x - y }, sameSign[T]},
		{"MulScalar", allocarray.MulScalar[T], allocarray.MulScalarInto[T], func(x, y T) T { return x * y }, sameSign[T]},
		{"DivScalar", allocarray.DivScalar[T], allocarray.DivScalarInto[T], func(x, y T) T { return x / y }, sameSign[T]},
		{"MinimumScalar", allocarray.MinimumScalar[T], allocarray.MinimumScalarInto[T], func(x, y T) T { return min(x, y) }, same[T]},
		{"MaximumScalar", allocarray.MaximumScalar[T], allocarray.MaximumScalarInto[T], func(x, y T) T { return max(x, y) }, same[T]},
	} {
		for _, s := range nonZero[T](newRand())(4) {
			unary := unaryCase[T, T]{
				c.name,
				func(ctx context.Context, a array) array { return c.op(ctx, a, s) },
				func(dst, a array) { c.into(dst, a, s) },
				func(x T) T { return c.want(x, s) }, c.equal,
			}
			t.Run(c.name, func(t *testing.T) { unary.run(t, values[T](newRand())) })
		}
	}
}
