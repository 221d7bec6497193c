package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// testConvert converts to and from every type; small numbers, for what Go makes of
// others is its own affair and the processor's.
func testConvert[T allocarray.Element](t *testing.T) {
	t.Run("int8", convertCase[int8, T])
	t.Run("int16", convertCase[int16, T])
	t.Run("int32", convertCase[int32, T])
	t.Run("int64", convertCase[int64, T])
	t.Run("int", convertCase[int, T])
	t.Run("uint8", convertCase[uint8, T])
	t.Run("uint16", convertCase[uint16, T])
	t.Run("uint32", convertCase[uint32, T])
	t.Run("uint64", convertCase[uint64, T])
	t.Run("uint", convertCase[uint, T])
	t.Run("float32", convertCase[float32, T])
	t.Run("float64", convertCase[float64, T])
}

func convertCase[To, From allocarray.Element](t *testing.T) {
	r := newRand()
	c := unaryCase[From, To]{
		"Convert", allocarray.Convert[To, From], allocarray.ConvertInto[To, From],
		func(x From) To { return To(x) }, same[To],
	}
	c.run(t, fillWith(func() From { return From(r.IntN(100)) }))
}

func testCopy[T allocarray.Element](t *testing.T) {
	c := unaryCase[T, T]{
		"Clone",
		func(ctx context.Context, a allocarray.AllocArray[T]) allocarray.AllocArray[T] { return a.Clone(ctx) },
		func(dst, a allocarray.AllocArray[T]) { a.CopyTo(dst) }, func(x T) T { return x }, sameSign[T],
	}
	c.run(t, values[T](newRand()))
	c.op = func(_ context.Context, a allocarray.AllocArray[T]) allocarray.AllocArray[T] { return a.Heap() }
	c.into = func(dst, a allocarray.AllocArray[T]) {
		each(a.Shape(), func(i []int) { dst.Set(a.At(i...), i...) })
	}
	c.run(t, values[T](newRand()))
	for _, l := range destinations[T]() { // CopyTo broadcasts; Fill writes nothing else
		v := randomValue[T](newRand())
		dst, row := l.view([]int{3, 7}, poison[T]), allocarray.Wrap(values[T](newRand())(7))
		row.CopyTo(dst)
		require.Empty(t, differs(read(row.Broadcast(3, 7)), dst, sameSign[T]), l.name)
		checkInto(t, 2, build([]int{3, 7}, func([]int) T { return v }), same[T], func(d allocarray.AllocArray[T]) { d.Fill(v) }, nil)
		checkInto(t, 4, build([]int{600, 2}, func([]int) T { return v }), same[T], func(d allocarray.AllocArray[T]) { d.Fill(v) }, nil)
	}
}

func testConcat[T allocarray.Element](t *testing.T) {
	turn := 0
	for _, shape := range shapes {
		for axis := -1; axis < len(shape); axis++ {
			if len(shape) == 0 {
				continue
			}
			k := (axis + len(shape)) % len(shape)
			parts, arrays := []dense[T]{}, []allocarray.AllocArray[T]{}
			for i, l := range sources[T]() {
				s := append([]int{}, shape...)
				s[k] = (s[k] + i) % 4
				arrays = append(arrays, l.view(s, values[T](newRand())))
				parts = append(parts, read(arrays[i]))
			}
			want := joined(parts, k)
			label := []any{"%v along %d", shape, axis}
			require.Empty(t, differs(want, allocarray.Concat(t.Context(), axis, arrays...), same[T]), label...)
			turn++
			checkInto(t, turn, want, same[T], func(dst allocarray.AllocArray[T]) { allocarray.ConcatInto(dst, axis, arrays...) }, label)
		}
	}
}

// joined is the reference of Concat.
func joined[T allocarray.Element](parts []dense[T], axis int) dense[T] {
	shape := append([]int{}, parts[0].shape...)
	shape[axis] = 0
	for _, p := range parts {
		shape[axis] += p.shape[axis]
	}
	return build(shape, func(i []int) T {
		x := i[axis]
		for _, p := range parts {
			if n := p.shape[axis]; x < n {
				off := 0
				for j, d := range p.shape { // not at: a part may have length 1 where the whole has more
					at := i[j]
					if j == axis {
						at = x
					}
					off = off*d + at
				}
				return p.data[off]
			} else {
				x -= n
			}
		}
		panic("unreachable")
	})
}
