package scope_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestStaleUsesAreCounted: also when the panic is swallowed.
func TestStaleUsesAreCounted(t *testing.T) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var kept *scope.Builder[int]
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		kept = scope.NewBuilder[int](ctx, 1)
		return nil
	}))
	before := scope.StaleUses()
	for range 3 {
		func() {
			defer func() { _ = recover() }()
			kept.Append(1)
		}()
	}
	require.Equal(t, uint64(3), scope.StaleUses()-before)
}

// TestNewStaleError: the error names the end of the scope, and is counted.
func TestNewStaleError(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	b, err := buf.Alloc(8, 8)
	require.NoError(t, err)
	require.NoError(t, buf.Reset())
	before := scope.StaleUses()
	e := scope.NewStaleError("x: row of a Matrix", b.Stamp, "copy it")
	require.Equal(t, uint64(1), scope.StaleUses()-before)
	require.True(t, errors.Is(e, scope.ErrStale))
	require.Equal(t, scope.StaleError{What: "x: row of a Matrix", End: b.Stamp.End(), Fix: "copy it"}, *e)
	require.Contains(t, e.End, "stale_test.go")
}
