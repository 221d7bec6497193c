package scope_test

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// everywhere calls test in scopes of each kind, with memory of storage, and blocks before.
func everywhere(t *testing.T, test func(t *testing.T, ctx context.Context, storage []byte)) {
	enter := map[string]func(ctx context.Context, fn func(context.Context) error) error{
		"NoEscape": scope.NoEscape,
		"nested": func(ctx context.Context, fn func(context.Context) error) error {
			return scope.NoEscape(ctx, func(ctx context.Context) error { return scope.NoEscape(ctx, fn) })
		},
		"Open": func(ctx context.Context, fn func(context.Context) error) error {
			ctx, s := scope.Open(ctx)
			defer s.End()
			return fn(ctx)
		},
	}
	for name, enter := range enter {
		for kind, put := range map[string]func(ctx context.Context, buf bumper.Buffer) context.Context{
			"unlocked": func(ctx context.Context, buf bumper.Buffer) context.Context { return scope.WithAllocator(ctx, buf) },
			"locked":   locked.WithLockedBumper,
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				storage := make([]byte, 8<<10)
				ctx := put(t.Context(), bumper.NewAllocBufferOn(storage))
				require.NoError(t, enter(ctx, func(ctx context.Context) error {
					for range 3 {
						scope.Make[float64](ctx, 8)
					}
					test(t, ctx, storage)
					return nil
				}))
			})
		}
	}
}

// TestEmptyIsNowhere: a slice without elements refers to no memory of a buffer, nor to what is
// behind it.
func TestEmptyIsNowhere(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, storage []byte) {
		first := reflect.ValueOf(storage).Pointer()
		for range 2 {
			for _, s := range []any{
				scope.Make[float64](ctx, 0), scope.Make[float32](ctx, 0), scope.Make[byte](ctx, 0), scope.Make[struct{}](ctx, 3),
			} {
				at := reflect.ValueOf(s).Pointer()
				require.False(t, first <= at && at <= first+uintptr(len(storage)), "%T", s)
			}
			for i := range 2 { // also when there is no room at all
				for {
					if _, _, err := scope.Alloc[byte](ctx, 64>>(6*i)); err != nil {
						break
					}
				}
			}
		}
	})
}

// TestSizeOverflows: a length whose size in bytes overflows is refused, though what is left of
// the size would fit.
func TestSizeOverflows(t *testing.T) {
	const over = math.MaxInt/4 + 1 // times 8 is 0
	everywhere(t, func(t *testing.T, ctx context.Context, _ []byte) {
		for _, more := range []int{0, 1, 2, 100} {
			_, _, err := scope.Alloc[float64](ctx, over+more)
			require.ErrorIs(t, err, scope.ErrExhausted, "%d float64", over+more)
			_, _, err = scope.Alloc[int64](ctx, over+more)
			require.ErrorIs(t, err, scope.ErrExhausted, "%d int64", over+more)
			require.PanicsWithValue(t, "scope: length -1 is negative", func() { _, _, _ = scope.Alloc[byte](ctx, -1) })
			require.PanicsWithValue(t, "scope: length -2 is negative", func() { _, _, _ = scope.Alloc[float64](ctx, -2) })
		}
	})
}
