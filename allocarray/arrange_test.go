package allocarray_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

func testMapTogether[T allocarray.Element](t *testing.T) {
	r, turn := newRand(), 0
	for _, pair := range shapePairs {
		for i, la := range sources[T]() {
			lb, lc := sources[int16]()[(i+turn)%6], sources[T]()[(i+turn/6)%6]
			a, b, c := la.view(pair[0], values[T](r)), lb.view(pair[1], whole[int16](r)), lc.view([]int{}, values[T](r))
			x, y, z := read(a), read(b), read(c)
			shape, _ := broadcast(x.shape, y.shape)
			label := []any{"%v %s, %v %s", pair[0], la.name, pair[1], lb.name}
			fn2 := func(x T, y int16) T { return x * T(y) }
			want := build(shape, func(i []int) T { return fn2(x.at(i...), y.at(i...)) })
			require.Empty(t, differs(want, allocarray.Map2(t.Context(), a, b, fn2), same[T]), label...)
			turn++
			checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) { allocarray.Map2Into(dst, a, b, fn2) }, label)
			fn3 := func(x T, y int16, z T) float64 { return float64(x) + float64(y)*float64(z) }
			wide := build(shape, func(i []int) float64 { return fn3(x.at(i...), y.at(i...), z.at(i...)) })
			require.Empty(t, differs(wide, allocarray.Map3(t.Context(), a, b, c, fn3), same[float64]), label...)
			checkInto(t, turn, wide, same[float64], func(dst allocarray.AllocArray[float64]) {
				allocarray.Map3Into(dst, a, b, c, fn3)
			}, label)
		}
	}
}

// TestMapTogetherInPlace: a destination may be any operand, or one with the same elements
// of another type of the same size, and fn is called in row-major order.
func TestMapTogetherInPlace(t *testing.T) {
	m := allocarray.Arange[int64](t.Context(), 6).Reshape(2, 3).Transpose()
	n, calls := m.Heap(), []int64(nil)
	allocarray.Map2Into(m, n, m, func(x, y int64) int64 { calls = append(calls, x); return x + 10*y })
	require.Equal(t, n.Data(), calls)
	require.Equal(t, []int64{0, 33, 11, 44, 22, 55}, m.Heap().Data())
	allocarray.Map3Into(n, m, n, n, func(x, y, z int64) int64 { return x - 10*y - z })
	require.Equal(t, []int64{0, 0, 0, 0, 0, 0}, n.Data())
	require.Equal(t, elementwiseOverlap("Map2Into", "2", "2"), panicOf(func() {
		allocarray.Map2Into(n.Index(1, 0).Slice(0, 0, 2), n.Index(1, 0).Slice(0, 1, 3), m.Index(0, 0), func(x, y int64) int64 { return x })
	}))
	require.Equal(t, elementwiseOverlap("Map3Into", "2", "2"), panicOf(func() {
		v := n.Index(1, 0)
		allocarray.Map3Into(v.Slice(0, 0, 2), m.Index(0, 0), m.Index(0, 1), v.Slice(0, 1, 3), func(x, y, z int64) int64 { return x })
	}))
	require.Equal(t, elementwiseOverlap("Map3Into", "2", "2"), panicOf(func() {
		v := n.Index(1, 0)
		allocarray.Map3Into(v.Slice(0, 0, 2), m.Index(0, 0), v.Slice(0, 1, 3), m.Index(0, 1), func(x, y, z int64) int64 { return x })
	}))
	require.Contains(t, panicOf(func() {
		allocarray.Map3(t.Context(), m, n, allocarray.New[int8](t.Context(), 5), func(x, y int64, z int8) int8 { return z })
	}), "Map3: shapes 3×2 and 5 do not broadcast")
}

// TestMapTogetherEnded: the user's function ends the scope of any array: no element read
// afterwards reaches it, and none is written.
func TestMapTogetherEnded(t *testing.T) {
	for role := range 4 {
		s := newStranger(t)
		var arrays [4]allocarray.AllocArray[float64]
		for i := range arrays {
			arrays[i] = allocarray.Full(t.Context(), 1.0, 3, 4)
		}
		arrays[role] = allocarray.Full(s.ctx, 1.0, 3, 4)
		dst, a, b, c := arrays[0], arrays[1], arrays[2], arrays[3]
		calls := 0
		v := panicOf(func() {
			allocarray.Map3Into(dst, a, b, c, func(x, y, z float64) float64 {
				require.Equal(t, 3.0, x+y+z)
				if calls++; calls == 5 {
					s.moveIn()
				}
				return 7
			})
		})
		require.True(t, endedDuring(v), "%v", v)
		require.Equal(t, 5, calls)
		s.requireUntouched(t, fmt.Sprint("Map3Into ", role))
	}
	for role := range 3 {
		s := newStranger(t)
		var arrays [3]allocarray.AllocArray[float64]
		for i := range arrays {
			arrays[i] = allocarray.Full(t.Context(), 1.0, 3, 4)
		}
		arrays[role] = allocarray.Full(s.ctx, 1.0, 3, 4)
		v := panicOf(func() {
			allocarray.Map2Into(arrays[0], arrays[1], arrays[2], func(x, y float64) float64 {
				require.Equal(t, 2.0, x+y)
				s.moveIn()
				return 7
			})
		})
		require.True(t, endedDuring(v), "%v", v)
		s.requireUntouched(t, fmt.Sprint("Map2Into ", role))
	}
}

// someIndices are indices along an axis of length n, in a layout.
func someIndices(l layout[int], n int, shape ...int) allocarray.AllocArray[int] {
	r := newRand()
	return l.view(shape, fillWith(func() int { return r.IntN(n) }))
}

func testTake[T allocarray.Element](t *testing.T) {
	turn := 0
	eachSource(values[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		x := read(a)
		for axis, n := range x.shape {
			for i, shape := range [][]int{{}, {3}, {0}, {2, 3}} {
				if len(x.shape)-1+len(shape) > allocarray.MaxRank || n == 0 && product(shape) > 0 {
					continue
				}
				turn++
				indices := someIndices(sources[int]()[(turn+i)%6], max(n, 1), shape...)
				list := read(indices)
				want := build(slices.Concat(x.shape[:axis], shape, x.shape[axis+1:]), func(at []int) T {
					k := list.data[offset(shape, at[axis:axis+len(shape)])]
					return x.data[offset(x.shape, slices.Concat(at[:axis], []int{k}, at[axis+len(shape):]))]
				})
				require.Empty(t, differs(want, allocarray.Take(t.Context(), a, indices, axis), same[T]), label...)
				checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) {
					allocarray.TakeInto(dst, a, indices, axis-len(x.shape))
				}, label)
			}
			turn++
			testGather(t, turn, a, axis, label)
		}
	})
}

func testGather[T allocarray.Element](t *testing.T, turn int, a allocarray.AllocArray[T], axis int, label []any) {
	x := read(a)
	for _, m := range []int{0, 1, 4} {
		if x.shape[axis] == 0 {
			continue
		}
		shape := slices.Clone(x.shape)
		shape[axis] = m
		indices := someIndices(sources[int]()[turn%6], x.shape[axis], shape...)
		list := read(indices)
		want := build(shape, func(at []int) T {
			from := slices.Clone(at)
			from[axis] = list.at(at...)
			return x.data[offset(x.shape, from)]
		})
		require.Empty(t, differs(want, allocarray.Gather(t.Context(), a, indices, axis), same[T]), label...)
		checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) { allocarray.GatherInto(dst, a, indices, axis) }, label)
	}
}

func testScatter[T allocarray.Element](t *testing.T) {
	turn := 0
	eachSource(whole[T](newRand()), func(src allocarray.AllocArray[T], label []any) {
		x := read(src)
		for axis := range x.shape {
			turn++
			const n = 3
			indices := someIndices(sources[int]()[turn%6], n, x.shape...)
			list, shape := read(indices), slices.Clone(x.shape)
			shape[axis] = n
			want := build(shape, func([]int) T { return 5 })
			each(x.shape, func(at []int) {
				to := slices.Clone(at)
				to[axis] = list.at(at...)
				want.data[offset(shape, to)] += x.at(at...)
			})
			checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) {
				dst.Fill(5)
				allocarray.ScatterAddInto(dst, indices, src, axis)
			}, label)
		}
		if len(x.shape) > 0 {
			testSegments(t, turn, src, label)
		}
	})
}

func testSegments[T allocarray.Element](t *testing.T, turn int, a allocarray.AllocArray[T], label []any) {
	const n = 4
	x := read(a)
	segments := someIndices(sources[int]()[turn%6], n-1, x.shape[0]) // the last has no parts
	list, shape := read(segments), slices.Clone(x.shape)
	shape[0] = n
	want := build(shape, func([]int) T { return 0 })
	each(x.shape, func(at []int) {
		to := slices.Clone(at)
		to[0] = list.at(at[0])
		want.data[offset(shape, to)] += x.at(at...)
	})
	require.Empty(t, differs(want, allocarray.SegmentSum(t.Context(), a, segments, n), same[T]), label...)
	checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) { allocarray.SegmentSumInto(dst, a, segments) }, label)
}

// TestIndicesRefused: indices out of range, shapes that do not fit and overlaps, each with
// the values in the message.
func TestIndicesRefused(t *testing.T) {
	ctx := t.Context()
	m := allocarray.Arange[float32](ctx, 6).Reshape(2, 3)
	list := func(x ...int) allocarray.AllocArray[int] { return allocarray.Wrap(x) }
	ints := allocarray.Arange[int](ctx, 6).Reshape(2, 3)
	for want, run := range map[string]func(){
		"Take: index 3 out of range for axis 1 of shape 2×3":                        func() { allocarray.Take(ctx, m, list(0, 3), 1) },
		"Take: index -1 out of range for axis 0 of shape 2×3":                       func() { allocarray.Take(ctx, m, list(-1), -2) },
		"Take: axis 2 out of range for rank 2":                                      func() { allocarray.Take(ctx, m, list(0), 2) },
		"TakeInto: dst has shape 2×3, want 1×3":                                     func() { allocarray.TakeInto(m, m, list(0), 0) },
		"TakeInto: dst of shape 2×3 overlaps an operand of shape 2":                 func() { allocarray.TakeInto(ints, ints.Heap(), ints.Index(1, 0), 0) },
		"shape 1×1×1×1×1×1×1×1 has more than 8 axes":                                func() { allocarray.Take(ctx, allocarray.New[int](ctx, 1, 1, 1, 1, 1, 1, 1, 1), ints, 0) },
		"Gather: indices of shape 2 do not fit shape 2×3 along axis 0":              func() { allocarray.Gather(ctx, m, list(0, 1), 0) },
		"Gather: index 3 out of range for axis 1 of shape 2×3":                      func() { allocarray.Gather(ctx, m, ints, 1) },
		"GatherInto: dst of shape 2×3 overlaps":                                     func() { allocarray.GatherInto(ints, ints, ints.Heap(), 1) },
		"ScatterAddInto: index 3 out of range for axis 1":                           func() { allocarray.ScatterAddInto(m, ints, m.Heap(), 1) },
		"ScatterAddInto: indices of shape 2×3 do not fit src of shape 3":            func() { allocarray.ScatterAddInto(m, ints, m.Index(0, 0), 1) },
		"ScatterAddInto: indices of shape 3 do not fit shape 2×3":                   func() { allocarray.ScatterAddInto(m, ints.Index(0, 0), m.Heap(), 1) },
		"ScatterAddInto: dst of shape 2×3 overlaps an operand":                      func() { allocarray.ScatterAddInto(m, allocarray.New[int](ctx, 2, 3), m, 1) },
		"ScatterAddInto: cannot write to a view of shape 2×3 whose elements repeat": func() { allocarray.ScatterAddInto(m.Index(0, 0).Broadcast(2, 3), ints, m.Heap(), 1) },
		"SegmentSum: index 2 out of range for axis 0 of shape 2×3":                  func() { allocarray.SegmentSum(ctx, m, list(1, 2), 2) },
		"SegmentSum: segments of shape 3 do not fit shape 2×3":                      func() { allocarray.SegmentSum(ctx, m, list(1, 2, 0), 2) },
		"SegmentSum: segments of shape 2×3 do not fit shape 2×3":                    func() { allocarray.SegmentSum(ctx, m, ints, 2) },
		"SegmentSum: segments of shape 1 do not fit shape ()":                       func() { allocarray.SegmentSum(ctx, m.Index(0, 0).Index(0, 0), list(0), 2) },
		"SegmentSum: shape -1×3 has a negative length":                              func() { allocarray.SegmentSum(ctx, m, list(0, 0), -1) },
		"SegmentSumInto: dst has shape (), want 2×3":                                func() { allocarray.SegmentSumInto(m.Index(0, 0).Index(0, 0), m, list(0, 0)) },
	} {
		require.Contains(t, fmt.Sprint(panicOf(run)), want)
	}
	err, _ := panicOf(func() { allocarray.SegmentSum(ctx, m, list(0, 0), math.MaxInt) }).(error)
	require.ErrorIs(t, err, scope.ErrExhausted)
	err, _ = panicOf(func() { allocarray.Eye[float64](ctx, math.MaxInt) }).(error)
	require.ErrorIs(t, err, scope.ErrExhausted)
}

func testPad[T allocarray.Element](t *testing.T) {
	turn := 0
	eachSource(values[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		x := read(a)
		if len(x.data) > 200 {
			return
		}
		widths := make([][2]int, len(x.shape))
		for i := range widths {
			widths[i] = [2]int{(i + turn) % 3, (i + turn/3) % 4}
			if len(x.shape) > 4 && i > 1 {
				widths[i] = [2]int{}
			}
		}
		if len(x.shape) == 0 {
			widths = [][2]int{{1, 1}} // for all of no axes
		}
		shape := slices.Clone(x.shape)
		empty := false
		for i := range shape {
			empty = empty || shape[i] == 0 && widths[i] != [2]int{}
			shape[i] += widths[i][0] + widths[i][1]
		}
		value := T(9)
		for _, c := range []struct {
			source func(i, n int) int
			op     func() allocarray.AllocArray[T]
			into   func(dst allocarray.AllocArray[T])
		}{
			{
				func(i, n int) int { return -1 },
				func() allocarray.AllocArray[T] { return allocarray.Pad(t.Context(), a, value, widths...) },
				func(dst allocarray.AllocArray[T]) { allocarray.PadInto(dst, a, value, widths...) },
			},
			{
				func(i, n int) int { return min(max(i, 0), n-1) },
				func() allocarray.AllocArray[T] { return allocarray.PadEdge(t.Context(), a, widths...) },
				func(dst allocarray.AllocArray[T]) { allocarray.PadEdgeInto(dst, a, widths...) },
			},
			{
				func(i, n int) int { // step by step, turning at the ends
					at, step := 0, 1
					for range max(i, -i) {
						if n > 1 && (at+step < 0 || at+step >= n) {
							step = -step
						}
						if n > 1 {
							at += step
						}
					}
					return at
				},
				func() allocarray.AllocArray[T] { return allocarray.PadReflect(t.Context(), a, widths...) },
				func(dst allocarray.AllocArray[T]) { allocarray.PadReflectInto(dst, a, widths...) },
			},
		} {
			turn++
			if empty && turn%3 != 1 {
				require.Contains(t, panicOf(func() { c.op() }), "has no elements to add")
				continue
			}
			want := build(shape, func(at []int) T {
				from := slices.Clone(at)
				for i := range from {
					from[i] -= widths[i][0]
					if n := x.shape[i]; from[i] < 0 || from[i] >= n {
						if from[i] = c.source(from[i], n); from[i] < 0 {
							return value
						}
					}
				}
				return x.data[offset(x.shape, from)]
			})
			require.Empty(t, differs(want, c.op(), same[T]), label...)
			checkInto(t, turn, want, same[T], c.into, label)
		}
	})
}

// TestPadByHand: widths for all axes, wider than the array, and those that are refused.
func TestPadByHand(t *testing.T) {
	ctx := t.Context()
	v := allocarray.Wrap([]int{1, 2, 3})
	require.Equal(t, []int{0, 0, 1, 2, 3, 0}, allocarray.Pad(ctx, v, 0, [2]int{2, 1}).Data())
	require.Equal(t, []int{1, 1, 1, 2, 3, 3}, allocarray.PadEdge(ctx, v, [2]int{2, 1}).Data())
	require.Equal(t, []int{2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2}, allocarray.PadReflect(ctx, v, [2]int{3, 5}).Data())
	require.Equal(t, []int{5, 5, 5}, allocarray.PadReflect(ctx, allocarray.Wrap([]int{5}), [2]int{1, 1}).Data())
	for want, run := range map[string]func(){
		"Pad: 2 widths do not fit rank 1":                                     func() { allocarray.Pad(ctx, v, 0, [2]int{}, [2]int{}) },
		"Pad: 0 widths do not fit rank 1":                                     func() { allocarray.Pad(ctx, v, 0) },
		"PadEdge: widths 1 and -1 of axis 0: a width is negative":             func() { allocarray.PadEdge(ctx, v, [2]int{1, -1}) },
		"PadReflect: axis 0 of shape 0 has no elements to add":                func() { allocarray.PadReflect(ctx, v.Slice(0, 0, 0), [2]int{0, 1}) },
		"PadInto: dst of shape 3 overlaps an operand of shape 1":              func() { allocarray.PadInto(v, v.Slice(0, 1, 2), 0, [2]int{1, 1}) },
		"PadInto: cannot write to a view of shape 5 whose elements repeat":    func() { allocarray.PadInto(v.Slice(0, 0, 1).Broadcast(5), v, 0, [2]int{1, 1}) },
		"allocarray: Pad: length of axis 0: out of memory":                    func() { allocarray.Pad(ctx, v, 0, [2]int{math.MaxInt - 1, 0}) },
		"allocarray: PadEdge: length of axis 0: out of memory":                func() { allocarray.PadEdge(ctx, v, [2]int{math.MaxInt / 2, math.MaxInt}) },
		"SlidingWindow: size 0 and step 1 must be positive":                   func() { v.SlidingWindow(0, 0, 1) },
		"SlidingWindow: size 1 and step -1 must be positive":                  func() { v.SlidingWindow(0, 1, -1) },
		"SlidingWindow: shape 1×1×1×1×1×1×1×1 has no room for another axis":   func() { allocarray.New[int](ctx, 1, 1, 1, 1, 1, 1, 1, 1).SlidingWindow(0, 1, 1) },
		"Unravel: position 3 out of range for the 3 elements of shape 3":      func() { v.Unravel(3) },
		"AtFlat: position -1 out of range for the 3 elements of shape 3":      func() { v.AtFlat(-1) },
		"SetFlat: cannot write to a view of shape 2×2 whose elements repeat":  func() { v.SlidingWindow(0, 2, 1).SetFlat(1, 0) },
		"AddScalarInto: cannot write to a view of shape 2×2 whose elements":   func() { w := v.SlidingWindow(0, 2, 1); allocarray.AddScalarInto(w, w, 1) },
		"WrapStamp: 3 elements do not fit shape 2×2":                          func() { allocarray.WrapStamp(v.Data(), scope.Stamp{}, 2, 2) },
		"Mask: 2 elements do not fit shape 3":                                 func() { allocarray.Mask(ctx, make([]bool, 2), 3) },
		"CopyBools: 2 elements do not fit shape 3":                            func() { allocarray.CopyBools(make([]bool, 2), v) },
		"Unravel: position 0 out of range for the 0 elements of shape ()":     func() { allocarray.AllocArray[int]{}.Unravel(0) },
		"Empty: shape -1 has a negative length":                               func() { allocarray.Empty[int](ctx, -1) },
		"Eye: shape -1×-1 has a negative length":                              func() { allocarray.Eye[int](ctx, -1) },
		"Take: index 0 out of range for axis 0 of shape 0":                    func() { allocarray.Take(ctx, v.Slice(0, 0, 0), allocarray.New[int](ctx, 1), 0) },
		"SortInto: cannot write to a view of shape 2×3 whose elements repeat": func() { allocarray.SortInto(v.Broadcast(2, 3), v.Broadcast(2, 3), 0) },
		"CumSumInto: dst of shape 2 overlaps an operand of shape 2":           func() { allocarray.CumSumInto(v.Slice(0, 0, 2), v.Slice(0, 1, 3), 0) },
		"RollInto: dst of shape 3 overlaps an operand of shape 3":             func() { allocarray.RollInto(v, v, 1, 0) },
		"ArgsortInto: dst of shape 3 overlaps an operand of shape 3":          func() { allocarray.ArgsortInto(v, v, 0) },
		"NotInto: dst has shape 2, want 3":                                    func() { allocarray.NotInto(allocarray.New[uint8](ctx, 2), v) },
		"SlidingWindow: axis 1 out of range for rank 1":                       func() { v.SlidingWindow(1, 1, 1) },
		fmt.Sprintf("×%d: out of memory", math.MaxInt/2):                      func() { v.Slice(0, 0, 1).Broadcast(math.MaxInt).SlidingWindow(0, math.MaxInt/2, 1) },
	} {
		require.Contains(t, fmt.Sprint(panicOf(run)), want)
	}
	var exhausted *scope.ExhaustedError
	require.ErrorAs(t, scope.Try(func() error { allocarray.Pad(ctx, v, 0, [2]int{0, math.MaxInt}); return nil }), &exhausted)
	require.EqualValues(t, uint(math.MaxUint), exhausted.Requested, "more than can be said")
}

func testFlat[T allocarray.Element](t *testing.T) {
	eachSource(values[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		x := read(a)
		for i, v := range x.data {
			require.True(t, same(v, a.AtFlat(i)), label...)
			require.Equal(t, i, offset(x.shape, a.Unravel(i)), label...)
		}
	})
	for _, l := range destinations[T]() {
		a := l.view([]int{2, 3, 7}, values[T](newRand()))
		for i := range a.Len() {
			a.SetFlat(T(i), i)
		}
		require.Empty(t, differs(build(a.Shape(), func(at []int) T { return T(offset([]int{2, 3, 7}, at)) }), a, same[T]))
	}
}

func testWindow[T allocarray.Element](t *testing.T) {
	eachSource(values[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		x := read(a)
		if len(x.shape) == allocarray.MaxRank {
			return
		}
		for axis, n := range x.shape {
			for _, size := range []int{1, 2, 3, n, n + 1} {
				for _, step := range []int{1, 2, 5, math.MaxInt} {
					if size == 0 {
						continue
					}
					w := a.SlidingWindow(axis-len(x.shape), size, step)
					shape := append(slices.Clone(x.shape), size)
					shape[axis] = 0
					if n >= size {
						shape[axis] = (n-size)/step + 1
					}
					want := build(shape, func(at []int) T {
						from := slices.Clone(at[:len(at)-1])
						from[axis] = at[axis]*step + at[len(at)-1]
						return x.at(from...)
					})
					require.Empty(t, differs(want, w, same[T]), label...)
					require.Empty(t, differs(want, w.Clone(t.Context()), same[T]), label...)
				}
			}
		}
	})
}

// TestWindowWrites: exactly the views whose windows share no element may be written to.
func TestWindowWrites(t *testing.T) {
	for size := 1; size < 6; size++ {
		for step := 1; step < 6; step++ {
			a := allocarray.New[int](t.Context(), 2, 12)
			w := a.SlidingWindow(1, size, step).Permute(2, 0, 1)
			v := panicOf(func() { w.Fill(1) })
			if step >= size {
				require.Nil(t, v)
				require.Equal(t, w.Len(), allocarray.Sum(a))
				continue
			}
			require.Contains(t, v, "Fill: cannot write to a view of shape")
			apart := w.SliceStep(2, 0, w.Dim(2), (size+step-1)/step) // every so-manieth window
			require.Nil(t, panicOf(func() { apart.Fill(1) }))
			require.Equal(t, apart.Len(), allocarray.Sum(a))
		}
	}
	// Windows are operands of products like any other view: here a convolution.
	x := allocarray.Arange[float32](t.Context(), 6)
	require.Equal(t, []float32{-2, -2, -2, -2}, allocarray.MatMul(t.Context(), x.SlidingWindow(0, 3, 1), allocarray.Wrap([]float32{1, 0, -1})).Data())
	y := x.SlidingWindow(0, 3, 1)
	require.Equal(t, allocarray.MatMul(t.Context(), y.Heap(), y.Heap().Transpose()).Data(), allocarray.MatMul(t.Context(), y, y.Transpose()).Data())
}

func testMask[T allocarray.Element](t *testing.T) {
	unaryCase[T, uint8]{"Not", allocarray.Not[T], allocarray.NotInto[T], func(x T) uint8 { return truth(x == 0) }, same[uint8]}.run(t, values[T](newRand()))
	eachSource(whole[T](newRand()), func(a allocarray.AllocArray[T], label []any) {
		bools, n := make([]bool, a.Len()), 0
		allocarray.CopyBools(bools, a)
		for i, v := range read(a).data {
			require.Equal(t, v != 0, bools[i], label...)
			if v != 0 {
				n++
			}
		}
		require.Equal(t, n, allocarray.CountNonzero(a), label...)
		if a.Rank() > 0 {
			mask := allocarray.Mask(t.Context(), bools, a.Shape()...)
			require.Equal(t, read(allocarray.Not(t.Context(), allocarray.Not(t.Context(), a))), read(mask), label...)
		}
	})
	require.Equal(t, []uint8{1, 0}, allocarray.Mask(t.Context(), []bool{true, false}).Data())
}

// TestWrapStamp: an array on a slice of a scope ends with it.
func TestWrapStamp(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	var x, part allocarray.AllocArray[float32]
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		s, stamp, err := scope.Alloc[float32](ctx, 6)
		if err != nil {
			return err
		}
		x, part = allocarray.WrapStamp(s, stamp, 2, 3), allocarray.WrapStamp(s[4:], stamp)
		x.Fill(2)
		require.Equal(t, []float32{2, 2}, part.Data())
		require.Equal(t, []int{2, 3}, x.Shape())
		return nil
	}))
	require.IsType(t, &scope.StaleError{}, panicOf(func() { x.At(0, 0) }))
	require.IsType(t, &scope.StaleError{}, panicOf(func() { allocarray.Sum(part) }))
	require.True(t, allocarray.WrapStamp([]int{1}, scope.Stamp{}).Live(), "the zero stamp is that of the Go heap")
}

func TestEye(t *testing.T) {
	require.Equal(t, []int8{1, 0, 0, 0, 1, 0, 0, 0, 1}, allocarray.Eye[int8](t.Context(), 3).Data())
	require.Equal(t, []int{0, 0}, allocarray.Eye[int8](t.Context(), 0).Shape())
	require.Equal(t, 1.0, allocarray.Eye[float64](t.Context(), 1).Item())
	require.Equal(t, []int{2, 0, 3}, allocarray.Empty[int8](t.Context(), 2, 0, 3).Shape())
	require.Equal(t, 1, allocarray.Empty[int8](t.Context()).Len())
}
