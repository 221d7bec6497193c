package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestViewsShareTheStamp: every kind of view ends with the array it was made from, and
// not with the scope in which it was made.
func TestViewsShareTheStamp(t *testing.T) {
	type array = allocarray.AllocArray[int]
	for name, view := range map[string]func(a array) array{
		"Slice":      func(a array) array { return a.Slice(0, 1, 2) },
		"SliceStep":  func(a array) array { return a.SliceStep(1, 0, 3, 2) },
		"Index":      func(a array) array { return a.Index(0, 1) },
		"Transpose":  func(a array) array { return a.Transpose() },
		"Permute":    func(a array) array { return a.Permute(1, 0) },
		"Reshape":    func(a array) array { return a.Reshape(6) },
		"ExpandDims": func(a array) array { return a.ExpandDims(1) },
		"Squeeze":    func(a array) array { return a.Squeeze() },
		"Broadcast":  func(a array) array { return a.Broadcast(4, 2, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
			var ofOuter, ofInner array
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				outer := allocarray.New[int](ctx, 2, 3)
				require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
					ofOuter, ofInner = view(outer), view(allocarray.New[int](ctx, 2, 3))
					require.True(t, ofOuter.Live() && ofInner.Live())
					return nil
				}))
				require.False(t, ofInner.Live(), "its array is gone")
				require.True(t, ofOuter.Live(), "its array is not")
				require.Zero(t, allocarray.Sum(ofOuter))
				return nil
			}))
			require.False(t, ofOuter.Live())
			for _, v := range []array{ofInner, ofOuter} {
				require.IsType(t, &scope.StaleError{}, panicOf(func() { allocarray.Sum(v) }))
			}
		})
	}
}
