package allocarray_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// shapeText formats a shape as messages do.
func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "()"
	}
	var parts []string
	for _, d := range shape {
		parts = append(parts, strconv.Itoa(d))
	}
	return strings.Join(parts, "×")
}

// panicOf returns what fn panics with; nil if it returns.
func panicOf(fn func()) (v any) {
	defer func() { v = recover() }()
	fn()
	return nil
}

// elementwiseOverlap is the message about an overlap in an elementwise operation.
func elementwiseOverlap(op, dst, src string) string {
	return "allocarray: " + op + ": dst of shape " + dst + " overlaps an operand of shape " + src +
		" but is not the same array"
}

// testAlias: a destination may be an operand, exactly, in any layout.
func testAlias[T allocarray.Element](t *testing.T) {
	for _, l := range destinations[T]() {
		for _, shape := range shapes {
			view := func() allocarray.AllocArray[T] { return l.view(shape, values[T](newRand())) }
			a, b := view(), l.view(shape, nonZero[T](newRand()))
			x, y := read(a), read(b)
			diff := build(shape, func(i []int) T { return x.at(i...) - y.at(i...) })
			allocarray.SubInto(a, a, b)
			require.Empty(t, differs(diff, a, same[T]), "dst is a")
			a = view()
			allocarray.SubInto(b, a, b)
			require.Empty(t, differs(diff, b, same[T]), "dst is b")
			allocarray.MulInto(a, a, a)
			require.Empty(t, differs(build(shape, func(i []int) T { return x.at(i...) * x.at(i...) }), a, same[T]), "dst is a and b")
			a = view()
			allocarray.NegInto(a, a)
			require.Empty(t, differs(build(shape, func(i []int) T { return -x.at(i...) }), a, same[T]), "dst is a")
			a = view()
			a.CopyTo(a)
			require.Empty(t, differs(x, a, same[T]), "copy to itself")
			allocarray.ConvertInto(a, a)
			require.Empty(t, differs(x, a, same[T]), "convert to itself")
			b, mask := view(), allocarray.Wrap([]uint8{1})
			allocarray.WhereInto(a, mask.Reshape(), a, b)
			require.Empty(t, differs(x, a, same[T]), "where, dst is a")
			allocarray.WhereInto(a, mask.Reshape(), b, a)
			require.Empty(t, differs(read(b), a, same[T]), "where, dst is b")
		}
	}
}

// TestAliasSameElements: the very same elements in the same order count as the same
// array, whatever the strides of axes of length 1 and however many there are.
func TestAliasSameElements(t *testing.T) {
	x := allocarray.Wrap([]int{1, 2, 3}, 1, 3)
	allocarray.AddInto(x, x.Squeeze(), x.Squeeze().ExpandDims(0))
	require.Equal(t, []int{2, 4, 6}, x.Data())
	mask := allocarray.Wrap([]uint8{0, 1, 2})
	allocarray.EqualInto(mask, mask, mask.SliceStep(0, 0, 3, 1))
	require.Equal(t, []uint8{1, 1, 1}, mask.Data())
}

// TestAliasDisjoint: parts of one array whose memory interleaves but shares no
// element may be mixed freely.
func TestAliasDisjoint(t *testing.T) {
	matrix := func() allocarray.AllocArray[float64] {
		return allocarray.Arange[float64](t.Context(), 20).Reshape(4, 5)
	}
	for _, c := range []struct {
		name string
		run  func(m allocarray.AllocArray[float64])
		at   [2]int
		want float64
	}{
		{"columns", func(m allocarray.AllocArray[float64]) {
			allocarray.AddInto(m.Index(1, 0), m.Index(1, 1), m.Index(1, 2))
		}, [2]int{3, 0}, 33},
		{"blocks", func(m allocarray.AllocArray[float64]) {
			allocarray.NegInto(m.Slice(1, 0, 2), m.Slice(1, 3, 5))
		}, [2]int{3, 1}, -19},
		{"columns backwards", func(m allocarray.AllocArray[float64]) {
			allocarray.AddInto(m.Index(1, 4), m.Index(1, 1), m.Index(1, 2))
		}, [2]int{3, 4}, 33},
		{"even and odd", func(m allocarray.AllocArray[float64]) {
			allocarray.NegInto(m.SliceStep(1, 0, 4, 2), m.SliceStep(1, 1, 5, 2))
		}, [2]int{3, 2}, -18},
		{"other layouts", func(m allocarray.AllocArray[float64]) {
			allocarray.SumAxisInto(m.Index(1, 0), m.Slice(1, 1, 5), 1)
		}, [2]int{3, 0}, 70},
		{"product into a column", func(m allocarray.AllocArray[float64]) {
			allocarray.MatMulInto(m.Index(1, 4), m.Slice(1, 0, 4), m.Slice(1, 0, 4).Index(0, 0))
		}, [2]int{3, 4}, 0*15 + 1*16 + 2*17 + 3*18},
		{"empty in the middle", func(m allocarray.AllocArray[float64]) {
			allocarray.NegInto(m.Slice(0, 1, 1), m.Slice(0, 2, 2))
			allocarray.SumAxisInto(m.Slice(1, 0, 0).Slice(0, 1, 2).Index(0, 0), m.Slice(1, 2, 2), 0)
		}, [2]int{3, 4}, 19},
		{"scalar of another row", func(m allocarray.AllocArray[float64]) {
			allocarray.AddInto(m.Index(0, 0), m.Index(0, 0), m.Index(0, 3).Index(0, 4))
		}, [2]int{0, 1}, 20},
	} {
		m := matrix()
		c.run(m)
		require.Equal(t, c.want, m.At(c.at[:]...), c.name)
	}
}

// TestAliasOverlap: everything else is refused, with nothing written.
func TestAliasOverlap(t *testing.T) {
	v := allocarray.Arange[int32](t.Context(), 12)
	m, stack := v.Reshape(3, 4), v.Reshape(3, 2, 2)
	q := m.Slice(1, 0, 3)
	f := allocarray.Wrap(unsafe.Slice((*float64)(unsafe.Pointer(&v.Data()[0])), 2))
	mask := allocarray.Wrap(unsafe.Slice((*uint8)(unsafe.Pointer(&v.Data()[0])), 12))
	whole := func(op, dst, src string) string {
		return "allocarray: " + op + ": dst of shape " + dst + " overlaps an operand of shape " + src
	}
	for _, c := range []struct {
		want string
		run  func()
	}{
		{elementwiseOverlap("AddInto", "5", "5"), func() { allocarray.AddInto(v.Slice(0, 0, 5), v.Slice(0, 1, 6), v.Slice(0, 7, 12)) }},
		{elementwiseOverlap("AddInto", "5", "5"), func() { allocarray.AddInto(v.Slice(0, 0, 5), v.Slice(0, 7, 12), v.Slice(0, 4, 9)) }},
		{elementwiseOverlap("NegInto", "3×3", "3×3"), func() { allocarray.NegInto(q, q.Transpose()) }},
		{elementwiseOverlap("NegInto", "6", "6"), func() { allocarray.NegInto(v.SliceStep(0, 0, 12, 2), v.Slice(0, 0, 6)) }},
		{elementwiseOverlap("AddScalarInto", "2×4", "2×4"), func() { allocarray.AddScalarInto(m.Slice(0, 1, 3), m.Slice(0, 0, 2), 1) }},
		{elementwiseOverlap("MulInto", "3×4", "4"), func() { allocarray.MulInto(m, m, m.Index(0, 1)) }},
		{elementwiseOverlap("MulInto", "3×4", "()"), func() { allocarray.MulInto(m, m, m.Index(0, 1).Index(0, 1)) }},
		{elementwiseOverlap("MaximumInto", "3×4", "3×1"), func() { allocarray.MaximumInto(m, m.Slice(1, 3, 4), m) }},
		{elementwiseOverlap("CopyTo", "3×4", "4"), func() { m.Index(0, 0).CopyTo(m) }},
		{elementwiseOverlap("CopyTo", "3", "3"), func() { v.Slice(0, 0, 3).CopyTo(v.Slice(0, 2, 5)) }},
		{elementwiseOverlap("MapInto", "3×2×2", "3×2×2"), func() { allocarray.MapInto(stack, stack.Permute(0, 2, 1), func(x int32) int32 { return x }) }},
		{elementwiseOverlap("ConvertInto", "2", "2"), func() { allocarray.ConvertInto(f, v.Slice(0, 0, 2)) }},
		{elementwiseOverlap("EqualInto", "12", "12"), func() { allocarray.EqualInto(mask, v, v) }},
		{elementwiseOverlap("WhereInto", "3", "3"), func() {
			allocarray.WhereInto(v.Slice(0, 0, 3), mask.Slice(0, 0, 3), v.Slice(0, 4, 7), v.Slice(0, 7, 10))
		}},
		{elementwiseOverlap("WhereInto", "3", "3"), func() {
			allocarray.WhereInto(v.Slice(0, 0, 3), allocarray.New[uint8](t.Context(), 3), v.Slice(0, 1, 4), v.Slice(0, 7, 10))
		}},
		{whole("MatMulInto", "3×3", "3×3"), func() { allocarray.MatMulInto(q, q, q) }},
		{whole("MatMulInto", "3×3", "3×3"), func() { allocarray.MatMulInto(q, allocarray.New[int32](t.Context(), 3, 3), q) }},
		{whole("SumAxisInto", "4", "3×4"), func() { allocarray.SumAxisInto(m.Index(0, 0), m, 0) }},
		{whole("MaxAxisInto", "3", "3×4"), func() { allocarray.MaxAxisInto(m.Index(1, 3), m, 1) }},
		{whole("ConcatInto", "4", "2"), func() { allocarray.ConcatInto(v.Slice(0, 0, 4), 0, v.Slice(0, 6, 8), v.Slice(0, 3, 5)) }},
	} {
		require.Equal(t, c.want, panicOf(c.run))
		require.Equal(t, allocarray.Arange[int32](t.Context(), 12).Data(), v.Data(), c.want)
	}
}

// TestOverlapOfRandomViews asks of pairs of views of one array, cut in different
// ways, whether an operation refuses them exactly when they share an element.
func TestOverlapOfRandomViews(t *testing.T) {
	r, refused := newRand(), 0
	for range 3000 {
		base := allocarray.Arange[int](t.Context(), 240)
		shape := []int{1 + r.IntN(3), 1 + r.IntN(3), 1 + r.IntN(3)}
		a, b := randomView(r, base, shape), randomView(r, base, shape)
		x, y := read(a).data, read(b).data
		share := slices.ContainsFunc(x, func(v int) bool { return slices.Contains(y, v) })
		want := any(nil)
		if share && !slices.Equal(x, y) {
			refused++
			want = elementwiseOverlap("NegInto", shapeText(shape), shapeText(shape))
		}
		require.Equal(t, want, panicOf(func() { allocarray.NegInto(a, b) }), "%v %v", x, y)
	}
	require.Greater(t, refused, 300)
}

// randomView cuts a view of a shape out of base, reshaped and permuted at random.
func randomView(r *rand.Rand, base allocarray.AllocArray[int], shape []int) allocarray.AllocArray[int] {
	whole := [][]int{{4, 6, 10}, {10, 4, 6}, {15, 4, 4}, {5, 8, 6}, {3, 5, 16}}[r.IntN(5)]
	v := base.Reshape(whole...).Permute(r.Perm(3)...)
	for axis, n := range shape {
		d := v.Dim(axis)
		step := 1 + r.IntN(d/n)
		for (n-1)*step >= d {
			step--
		}
		from := r.IntN(d - (n-1)*step)
		v = v.SliceStep(axis, from, from+(n-1)*step+1, step)
	}
	return v
}
