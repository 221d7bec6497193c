package arrowscope_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inScope runs fn in a scope of a shared buffer, with an Allocator for it.
func inScope(t testing.TB, buf *locked.Buffer, fn func(ctx context.Context, mem *arrowscope.Allocator)) {
	t.Helper()
	ctx := scope.WithAllocator(t.Context(), buf)
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		return arrowscope.Do(ctx, func(mem *arrowscope.Allocator) error {
			fn(ctx, mem)
			return nil
		})
	}))
}

func newShared() *locked.Buffer { return locked.Share(bumper.NewSlabBuffer()) }

// soil leaves memory of the buffer full of bytes that are not 0.
func soil(t testing.TB, buf *locked.Buffer) {
	t.Helper()
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
		for range 8 {
			fill(scope.Make[byte](ctx, 100_000), 0xa5)
		}
		return nil
	}))
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}
