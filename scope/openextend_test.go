package scope_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// What a Builder has grows in place in an open scope, too.
func TestBuilderGrowsInAnOpenScope(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks have pages of their own")
	}
	for name, a := range map[string]scope.Allocator{
		"buffer": bumper.NewSlabBuffer(), "locked": locked.Share(bumper.NewSlabBuffer()),
	} {
		ctx, s := scope.Open(scope.WithAllocator(t.Context(), a))
		b := scope.NewBuilder[byte](ctx, 64)
		b.Append(1)
		first := &b.View()[0]
		for range 1 << 14 {
			b.Append(1)
		}
		require.Same(t, first, &b.View()[0], name)
		require.NoError(t, s.End())
	}
}

// eager is a third party's buffer that lengthens whatever it is asked to, and counts that.
type eager struct {
	*stack
	asked int
}

func (e *eager) Extend(b memory.Block, size uintptr) (memory.Block, bool) {
	e.asked++
	return b, true
}

// A scope asks the buffer only while it is open and the innermost: later, the buffer may be
// another goroutine's.
func TestLateExtend(t *testing.T) {
	e := &eager{stack: &stack{mem: make([]byte, 1000), epochs: []*memory.Epoch{memory.NewEpoch(nil)}}}
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), e))
	extend := func() bool {
		_, ok := scope.AllocatorFrom(ctx).(memory.Extender).Extend(memory.Block{}, 10)
		return ok
	}
	require.True(t, extend())
	_, inner := scope.Open(scope.WithAllocator(t.Context(), e))
	require.False(t, extend())
	require.NoError(t, inner.End())
	require.True(t, extend())
	require.NoError(t, s.End())
	require.False(t, extend())
	require.Equal(t, 2, e.asked)
}

// terse is a third party's buffer whose empty blocks carry no stamp.
type terse struct{ *stack }

func (s terse) Alloc(size, align uintptr) (memory.Block, error) {
	if size == 0 {
		return memory.Block{}, nil
	}
	return s.stack.Alloc(size, align)
}

// A buffer that does not tell which scope is the innermost is believed to keep order.
func TestOpenOfATerseBuffer(t *testing.T) {
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), terse{&stack{mem: make([]byte, 1000), epochs: []*memory.Epoch{memory.NewEpoch(nil)}}}))
	stamp := block(t, ctx, 100)
	require.True(t, stamp.Scoped())
	require.Zero(t, s.Late())
	require.NoError(t, s.End())
	require.False(t, stamp.Live())
	requireLateBlock(t, ctx, s)
}
