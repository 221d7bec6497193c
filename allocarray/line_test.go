package allocarray_test

import (
	"context"
	"math"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// lineCase is an operation that makes another line of each line along an axis.
type lineCase[T, R allocarray.Element] struct {
	name  string
	op    func(ctx context.Context, a allocarray.AllocArray[T], axis int) allocarray.AllocArray[R]
	into  func(dst allocarray.AllocArray[R], a allocarray.AllocArray[T], axis int)
	want  func(x []T) []R
	equal func(want, got R) bool
}

// run is as that of axisCase, with lines longer than those that are sorted on the stack.
func (c lineCase[T, R]) run(t *testing.T, memory func(int) []T) {
	turn := 0
	check := func(a allocarray.AllocArray[T], label []any) {
		x := read(a)
		for axis := -len(x.shape); axis < len(x.shape); axis++ {
			want := c.expected(x, (axis+len(x.shape))%len(x.shape))
			require.Empty(t, differs(want, c.op(t.Context(), a, axis), c.equal), label...)
			turn++
			checkInto(t, turn, want, c.equal, func(dst allocarray.AllocArray[R]) { c.into(dst, a, axis) }, label)
		}
	}
	eachSource(memory, check)
	for _, l := range sources[T]() {
		check(l.view([]int{3, 700}, memory), []any{"3×700 %s", l.name})
	}
	a := allocarray.New[T](t.Context(), 2, 3)
	into := allocarray.New[R](t.Context(), 2, 3)
	for _, axis := range []int{2, -3, math.MaxInt, math.MinInt} {
		require.Contains(t, panicOf(func() { c.op(t.Context(), a, axis) }), c.name+": axis ")
		require.Contains(t, panicOf(func() { c.into(into, a, axis) }), c.name+"Into: axis ")
	}
	require.Contains(t, panicOf(func() { c.into(into.Transpose(), a, 0) }), "dst has shape 3×2, want 2×3")
}

func (c lineCase[T, R]) expected(x dense[T], axis int) dense[R] {
	want := dense[R]{shape: x.shape, data: make([]R, len(x.data))}
	inside := product(x.shape[axis+1:])
	each(without(x.shape, axis), func(index []int) {
		off, line := offset(x.shape, with(index, axis, 0)), make([]T, x.shape[axis])
		for i := range line {
			line[i] = x.data[off+i*inside]
		}
		for i, v := range c.want(line) {
			want.data[off+i*inside] = v
		}
	})
	return want
}

// nanLast compares as NumPy sorts.
func nanLast[T allocarray.Element](x, y T) bool { return x < y || x == x && y != y }

func sorted[T allocarray.Element](x []T) []T {
	x = slices.Clone(x)
	sort.Slice(x, func(i, j int) bool { return nanLast(x[i], x[j]) })
	return x
}

func testLines[T allocarray.Element](t *testing.T) {
	sums := func(x []T) []T {
		out := slices.Clone(x)
		for i := range out {
			out[i] = sumOf(x[:i+1])
		}
		return out
	}
	order := func(x []T) []int {
		out := make([]int, len(x))
		for i := range out {
			out[i] = i
		}
		sort.SliceStable(out, func(i, j int) bool { return nanLast(x[out[i]], x[out[j]]) })
		return out
	}
	lineCase[T, T]{"CumSum", allocarray.CumSum[T], allocarray.CumSumInto[T], sums, same[T]}.run(t, whole[T](newRand()))
	for _, memory := range []func(int) []T{whole[T](newRand()), values[T](newRand())} {
		lineCase[T, T]{"Sort", allocarray.Sort[T], allocarray.SortInto[T], sorted[T], same[T]}.run(t, memory)
		lineCase[T, int]{"Argsort", allocarray.Argsort[T], allocarray.ArgsortInto[T], order, same[int]}.run(t, memory)
	}
	shifts := []int{1, -1000, math.MinInt, 0, -1, 5, math.MaxInt}
	if testing.Short() {
		shifts = shifts[:3]
	}
	for _, shift := range shifts {
		lineCase[T, T]{
			"Roll",
			func(ctx context.Context, a allocarray.AllocArray[T], axis int) allocarray.AllocArray[T] {
				return allocarray.Roll(ctx, a, shift, axis)
			},
			func(dst, a allocarray.AllocArray[T], axis int) { allocarray.RollInto(dst, a, shift, axis) },
			func(x []T) []T {
				out := slices.Clone(x)
				for i, v := range x {
					n := len(x)
					out[((i+shift%n)%n+n)%n] = v
				}
				return out
			}, same[T],
		}.run(t, values[T](newRand()))
	}
}

// TestLinesInPlace: what may write to its operand, does.
func TestLinesInPlace(t *testing.T) {
	for _, l := range destinations[float64]() {
		for axis := range 2 {
			a := l.view([]int{300, 3}, values[float64](newRand()))
			want := allocarray.Sort(t.Context(), a, axis)
			allocarray.SortInto(a, a, axis)
			require.Empty(t, differs(read(want), a, same[float64]))
			want = allocarray.CumSum(t.Context(), a, axis)
			allocarray.CumSumInto(a, a, axis)
			require.Empty(t, differs(read(want), a, same[float64]))
			mask := allocarray.Wrap([]uint8{0, 1, 2})
			allocarray.NotInto(mask, mask)
			require.Equal(t, []uint8{1, 0, 0}, mask.Data())
		}
	}
}

// TestSortPatterns: inputs that are hard on one or another way to sort, in lines with and
// without gaps.
func TestSortPatterns(t *testing.T) {
	const n = 5000
	for name, at := range map[string]func(i int) float32{
		"ascending": func(i int) float32 { return float32(i) }, "descending": func(i int) float32 { return -float32(i) },
		"equal": func(int) float32 { return 1 }, "all NaN": func(int) float32 { return float32(math.NaN()) },
		"organ pipe": func(i int) float32 { return float32(min(i, n-i)) }, "two values": func(i int) float32 { return float32(i % 2) },
		"half NaN": func(i int) float32 { return float32(math.Sqrt(float64(n/2 - i))) },
	} {
		x := make([]float32, n)
		for i := range x {
			x[i] = at(i)
		}
		a := allocarray.Wrap(slices.Clone(x))
		gaps := allocarray.New[float32](t.Context(), n, 2).Index(1, 1)
		a.CopyTo(gaps)
		want := allocarray.Wrap(sorted(x))
		for _, v := range []allocarray.AllocArray[float32]{a, gaps} {
			i := allocarray.Argsort(t.Context(), v, 0)
			require.Empty(t, differs(read(want), allocarray.Take(t.Context(), v, i, 0), same[float32]), name)
			allocarray.SortInto(v, v, 0)
			require.Empty(t, differs(read(want), v, same[float32]), name)
		}
	}
}
