package allocarray_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// TestViews compares every view of arrays of all shapes and layouts with the
// elements that it should consist of, and writes through it to the parent.
func TestViews(t *testing.T) {
	memory := func(n int) []int { return allocarray.Arange[int](t.Context(), n).Data() }
	eachSource(memory, func(a allocarray.AllocArray[int], label []any) {
		x := read(a)
		check := func(view allocarray.AllocArray[int], shape []int, from func(i []int) []int) {
			want := build(shape, func(i []int) int { return x.data[offset(x.shape, from(i))] })
			require.Empty(t, differs(want, view, same[int]), label...)
		}
		check(a.Transpose(), reversed(x.shape), reversed)
		for axis, d := range x.shape {
			if len(x.shape) < allocarray.MaxRank {
				check(a.ExpandDims(axis-len(x.shape)-1).Index(axis, 0), x.shape, func(i []int) []int { return i })
			}
			for _, s := range [][3]int{{0, d, 1}, {d / 2, d, 1}, {0, d, 2}, {min(1, d), d, 3}, {d, d, 1}, {0, d, math.MaxInt}} {
				shape := with(without(x.shape, axis), axis, (s[1]-s[0])/s[2]+min((s[1]-s[0])%s[2], 1))
				check(a.SliceStep(axis, s[0], s[1], s[2]), shape, func(i []int) []int {
					return with(without(i, axis), axis, s[0]+i[axis]*s[2])
				})
			}
			for j := range min(d, 3) {
				check(a.Index(axis-len(x.shape), j), without(x.shape, axis), func(i []int) []int { return with(i, axis, j) })
			}
		}
		if len(x.shape) > 1 {
			check(a.Permute(append([]int{-1}, upTo(len(x.shape)-1)...)...), append([]int{x.shape[len(x.shape)-1]}, x.shape[:len(x.shape)-1]...),
				func(i []int) []int { return append(append([]int{}, i[1:]...), i[0]) })
		}
		if len(x.shape) < allocarray.MaxRank {
			check(a.Broadcast(append([]int{2}, x.shape...)...), append([]int{2}, x.shape...), func(i []int) []int { return i[1:] })
		}
		flat := a.Clone(t.Context()).Reshape(-1)
		require.Equal(t, x.data, append([]int(nil), flat.Data()...), label...)
		squeezed := a.Squeeze()
		require.NotContains(t, squeezed.Shape(), 1)
		require.Equal(t, x.data, read(squeezed).data, label...)
	})
}

func reversed(s []int) []int {
	out := make([]int, len(s))
	for i, v := range s {
		out[len(s)-1-i] = v
	}
	return out
}

func upTo(n int) (s []int) {
	for i := range n {
		s = append(s, i)
	}
	return s
}

// TestViewsShareMemory: writing through any view is seen in the parent.
func TestViewsShareMemory(t *testing.T) {
	for name, view := range map[string]func(a allocarray.AllocArray[int]) allocarray.AllocArray[int]{
		"Slice": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] { return a.Slice(0, 1, 2).Slice(1, 2, 3) },
		"SliceStep": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] {
			return a.SliceStep(1, 2, 3, 2).Slice(0, 1, 2)
		},
		"Index": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] { return a.Index(0, -1+2).Index(0, 2) },
		"Transpose": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] {
			return a.Transpose().Slice(0, 2, 3).Slice(1, 1, 2)
		},
		"Permute": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] {
			return a.Permute(1, 0).Index(0, 2).Index(0, 1)
		},
		"Reshape": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] { return a.Reshape(6).Index(0, 5) },
		"ExpandDims": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] {
			return a.ExpandDims(1).Index(0, 1).Index(-1, 2)
		},
		"Squeeze": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] {
			return a.Slice(0, 1, 2).Squeeze().Slice(0, 2, 3)
		},
		"Broadcast": func(a allocarray.AllocArray[int]) allocarray.AllocArray[int] {
			return a.Broadcast(1, 2, 3).Index(0, 0).Index(0, 1).Index(0, 2)
		},
	} {
		a := allocarray.New[int](t.Context(), 2, 3)
		v := view(a)
		require.Equal(t, 1, v.Len(), name)
		v.Fill(7)
		require.Equal(t, []int{0, 0, 0, 0, 0, 7}, a.Data(), name)
		require.Equal(t, 7, v.Item(), name)
		require.Equal(t, []int{7}, v.Data(), name)
		require.Equal(t, 1, cap(v.Data()), "%s: append must not write over a neighbour", name)
		require.Equal(t, 7, allocarray.Sum(v), name)
		require.Equal(t, 7, v.Reshape().At(), name)
	}
}

func TestReshape(t *testing.T) {
	a := allocarray.Arange[int](t.Context(), 24)
	for _, c := range []struct{ in, want []int }{
		{[]int{-1}, []int{24}}, {[]int{2, -1}, []int{2, 12}}, {[]int{-1, 2, 3}, []int{4, 2, 3}}, {[]int{24, 1, -1, 1, 1, 1}, []int{24, 1, 1, 1, 1, 1}},
	} {
		require.Equal(t, c.want, a.Reshape(c.in...).Shape())
	}
	empty := allocarray.New[int](t.Context(), 0, 3)
	require.Equal(t, []int{0}, empty.Reshape(-1).Shape())
	require.Equal(t, []int{5, 0}, empty.Reshape(5, 0).Shape())
	require.Equal(t, []int{3, 0, 2}, empty.Reshape(3, -1, 2).Shape())
	require.Equal(t, []int{4, 6}, a.Reshape(4, 6).Slice(0, 0, 4).Shape())
	require.Equal(t, 13, a.Reshape(4, 6).Slice(0, 1, 3).Reshape(12).At(7), "rows of a matrix are contiguous")
}
