package scope_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// panicsOnce is a source whose first acquisition panics.
type panicsOnce struct{ did bool }

func (p *panicsOnce) Acquire(n int) ([]byte, error) {
	if !p.did {
		p.did = true
		panic("once")
	}
	return bumper.GoHeap().Acquire(n)
}

func (*panicsOnce) Release([]byte) {}

// A panic in an allocator does not leave its buffer marked as used by somebody.
func TestGuardAfterAPanic(t *testing.T) {
	defer guard.Set(guard.Set(guard.Full))
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.From(new(panicsOnce))))
	require.PanicsWithValue(t, "once", func() { _ = scope.Make[byte](ctx, 10) })
	require.Len(t, scope.Make[byte](ctx, 10), 10)
}
