package allocarray_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// TestBroadcastRules: shapes that NumPy broadcasts, and those it refuses.
func TestBroadcastRules(t *testing.T) {
	pairs := append([][2][]int{{{2}, {3}}, {{2, 3}, {2}}, {{0}, {2}}, {{2, 0}, {3, 1}}}, shapePairs...)
	for _, p := range pairs {
		a, b := allocarray.New[uint8](t.Context(), p[0]...), allocarray.New[uint8](t.Context(), p[1]...)
		want, ok := broadcast(p[0], p[1])
		if !ok {
			text := "allocarray: Add: shapes " + shapeText(p[0]) + " and " + shapeText(p[1]) + " do not broadcast"
			require.PanicsWithValue(t, text, func() { allocarray.Add(t.Context(), a, b) })
			continue
		}
		require.Equal(t, want, allocarray.Add(t.Context(), a, b).Shape())
		require.Equal(t, want, allocarray.Add(t.Context(), b, a).Shape())
		require.Equal(t, want, a.Broadcast(want...).Shape())
	}
}

// TestBroadcastIsReadOnly: one element stands in several places of such a view.
func TestBroadcastIsReadOnly(t *testing.T) {
	row := allocarray.Wrap([]float32{1, 2})
	b, like := row.Broadcast(3, 2), allocarray.New[float32](t.Context(), 3, 2)
	for op, run := range map[string]func(){
		"Set":         func() { b.Set(1, 0, 0) },
		"Fill":        func() { b.Fill(1) },
		"CopyTo":      func() { like.CopyTo(b) },
		"AddInto":     func() { allocarray.AddInto(b, like, like) },
		"ExpInto":     func() { allocarray.ExpInto(b, like) },
		"SoftmaxInto": func() { allocarray.SoftmaxInto(b, like) },
		"WhereInto":   func() { allocarray.WhereInto(b, allocarray.New[uint8](t.Context()), like, like) },
		"MatMulInto":  func() { allocarray.MatMulInto(b, like, like) },
		"SumAxisInto": func() { allocarray.SumAxisInto(b, like, 0) },
		"ConcatInto":  func() { allocarray.ConcatInto(b, 0, like) },
	} {
		require.Equal(t, "allocarray: "+op+": cannot write to a view of shape 3×2 whose elements repeat", panicOf(run))
	}
	b.Slice(0, 1, 2).Set(5, 0, 1) // nothing repeats in a single row
	require.Equal(t, []float32{1, 5}, row.Data())
}
