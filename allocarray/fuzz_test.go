package allocarray_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// FuzzViews runs a program of view operations on a small array, and on a model: the
// positions in the array's memory, in row-major order, of the view's elements.
func FuzzViews(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3})
	f.Add([]byte{4, 0, 1, 0, 9, 2, 0, 3, 1, 1, 2, 7, 0, 0})
	f.Add([]byte{6, 0, 0, 5, 1, 2, 0, 1, 0, 3, 7, 4, 2, 0})
	f.Fuzz(func(t *testing.T, program []byte) {
		base := allocarray.Arange[int](t.Context(), 24)
		v := base.Reshape(2, 3, 4)
		m := dense[int]{[]int{2, 3, 4}, slices.Clone(base.Data())}
		next := func(n int) int {
			if len(program) == 0 || n < 1 {
				return 0
			}
			b := int(program[0])
			program = program[1:]
			return b % n
		}
		for len(program) > 0 && len(m.data) < 5000 {
			v, m = viewStep(v, m, next)
		}
		require.Empty(t, differs(m, v, same[int]))
		requireOperable(t, v, m)
	})
}

// viewStep applies one operation to a view and to its model.
func viewStep(v allocarray.AllocArray[int], m dense[int], next func(n int) int) (allocarray.AllocArray[int], dense[int]) {
	op, rank := next(8), len(m.shape)
	axis := next(rank)
	if rank == 0 && op < 4 {
		op = 4
	}
	pick := func(shape []int, from func(i []int) []int) dense[int] {
		return build(shape, func(i []int) int { return m.data[offset(m.shape, from(i))] })
	}
	switch {
	case op == 0 || op == 1: // Slice, SliceStep
		d := m.shape[axis]
		from := next(d + 1)
		to, step := from+next(d-from+1), 1+op*next(5)
		n := (to - from + step - 1) / step
		return v.SliceStep(axis, from, to, step), pick(with(without(m.shape, axis), axis, n), func(i []int) []int {
			return with(without(i, axis), axis, from+i[axis]*step)
		})
	case op == 2 && m.shape[axis] > 0:
		at := next(m.shape[axis])
		return v.Index(axis-rank, at), pick(without(m.shape, axis), func(i []int) []int { return with(i, axis, at) })
	case op == 3: // Permute: the axis goes to the front
		order := append([]int{axis}, without(upTo(rank), axis)...)
		shape := append([]int{m.shape[axis]}, without(m.shape, axis)...)
		return v.Permute(order...), pick(shape, func(i []int) []int { return with(i[1:], axis, i[0]) })
	case op == 4:
		return v.Transpose(), pick(reversed(m.shape), reversed)
	case op == 5 && rank < allocarray.MaxRank: // ExpandDims, and repeat the new axis
		n := next(3)
		shape := append([]int{n}, m.shape...)
		return v.ExpandDims(0).Broadcast(shape...), pick(shape, func(i []int) []int { return i[1:] })
	case op == 6:
		keep := []int{}
		for _, d := range m.shape {
			if d != 1 {
				keep = append(keep, d)
			}
		}
		return v.Squeeze(), dense[int]{keep, m.data}
	case v.IsContiguous():
		return v.Reshape(-1), dense[int]{[]int{len(m.data)}, m.data}
	}
	return v, m
}

// requireOperable holds that the operations agree on a view and on its elements.
func requireOperable(t *testing.T, v allocarray.AllocArray[int], m dense[int]) {
	require.Equal(t, len(m.data), v.Len())
	require.Equal(t, sumOf(m.data), allocarray.Sum(v))
	require.Empty(t, differs(m, v.Clone(t.Context()), same[int]))
	like := v.Similar(t.Context())
	like.Fill(3)
	require.Equal(t, v.Shape(), like.Shape())
	require.Equal(t, slices.Repeat([]int{3}, len(m.data)), like.Data(), "row-major, and as long")
	twice := build(m.shape, func(i []int) int { return 2 * m.at(i...) })
	require.Empty(t, differs(twice, allocarray.Add(t.Context(), v, v), same[int]))
	require.Empty(t, differs(twice, allocarray.MulScalar(t.Context(), v, 2), same[int]))
	if len(m.data) > 0 {
		_, high := extremesOf(m.data)
		require.Equal(t, high, allocarray.ArgMax(v))
	}
	if v.IsContiguous() {
		require.True(t, slices.Equal(m.data, v.Data()))
	}
	if panicOf(func() { v.Fill(-1) }) == nil {
		require.Equal(t, -len(m.data), allocarray.Sum(v))
	}
}

// FuzzBroadcast adds arrays of any two small shapes.
func FuzzBroadcast(f *testing.F) {
	f.Add([]byte{2, 3}, []byte{3}, byte(0))
	f.Add([]byte{2, 1, 3}, []byte{4, 1}, byte(1))
	f.Add([]byte{0}, []byte{1}, byte(7))
	f.Fuzz(func(t *testing.T, first, second []byte, how byte) {
		p, q := smallShape(first), smallShape(second)
		all, r := sources[int16](), newRand()
		a := all[int(how)%len(all)].view(p, values[int16](r))
		b := all[int(how)/len(all)%len(all)].view(q, values[int16](r))
		shape, ok := broadcast(p, q)
		if !ok {
			require.Equal(t, "allocarray: Sub: shapes "+shapeText(p)+" and "+shapeText(q)+" do not broadcast",
				panicOf(func() { allocarray.Sub(t.Context(), a, b) }))
			return
		}
		x, y := read(a), read(b)
		want := build(shape, func(i []int) int16 { return x.at(i...) - y.at(i...) })
		require.Empty(t, differs(want, allocarray.Sub(t.Context(), a, b), same[int16]))
		checkInto(t, int(how), want, same[int16], func(dst allocarray.AllocArray[int16]) { allocarray.SubInto(dst, a, b) }, nil)
	})
}

func smallShape(b []byte) []int {
	shape := []int{}
	for _, v := range b[:min(len(b), allocarray.MaxRank)] {
		shape = append(shape, int(v%4))
	}
	return shape
}
