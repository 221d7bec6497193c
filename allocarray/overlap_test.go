package allocarray_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// TestOverlapSearchGivesUp: two views with long, coprime steps share one element that a
// bounded search does not reach. They are refused: a search that gives up assumes the
// worst.
func TestOverlapSearchGivesUp(t *testing.T) {
	const n = 1200
	base := allocarray.New[int8](t.Context(), n*(n+1))
	for shared := range n {
		if shared%50 != 0 {
			continue
		}
		a := base.SliceStep(0, 0, n*(n+1), n+1)
		b := base.SliceStep(0, shared, n*n, n)
		a, b = a.Slice(0, 0, b.Dim(0)), b.Slice(0, 0, b.Dim(0))
		a.Set(1, shared)
		require.Equal(t, int8(1), b.At(shared), "the one element")
		a.Set(0, shared)
		require.Equal(t, elementwiseOverlap("NegInto", shapeText(a.Shape()), shapeText(b.Shape())),
			panicOf(func() { allocarray.NegInto(a, b) }), "element %d", shared)
		require.Equal(t, elementwiseOverlap("NegInto", shapeText(a.Shape()), shapeText(b.Shape())),
			panicOf(func() { allocarray.NegInto(b, a) }), "element %d", shared)
	}
}
