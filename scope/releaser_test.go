package scope_test

import (
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// oneBlock is a Releaser of a single block.
type oneBlock struct {
	memory.Allocator
	epoch *memory.Epoch
}

func (*oneBlock) Release([]byte, memory.Stamp) bool { return false }

func TestRenew(t *testing.T) {
	one := new(oneBlock)
	one.epoch = memory.NewBlockEpoch(one)
	pc := reflect.ValueOf(TestRenew).Pointer()
	s := one.epoch.Stamp()
	require.True(t, s.Releasable())
	require.Equal(t, one, s.Owner())

	next, ok := s.Renew(pc)
	require.True(t, ok)
	require.False(t, s.Live())
	require.Regexp(t, `^ended at \S+releaser_test\.go:\d+ `, s.End())
	require.True(t, next.Live() && next.Releasable())
	require.Equal(t, one.epoch.Stamp(), next)

	again, ok := s.Renew(pc)
	require.False(t, ok, "it has ended")
	require.Equal(t, s, again)
	require.True(t, next.Live())

	for _, s := range []scope.Stamp{{}, memory.NewEpoch(one).Stamp()} {
		same, ok := s.Renew(pc)
		require.False(t, ok || s.Releasable(), "it is no single block's")
		require.Equal(t, s, same)
		require.True(t, s.Live())
	}
}

// TestRenewWhileItEnds: where another goroutine ends the scope of a block meanwhile, no stamp of
// the block is live.
func TestRenewWhileItEnds(t *testing.T) {
	one := new(oneBlock)
	one.epoch = memory.NewBlockEpoch(one)
	rounds := int64(20_000)
	if testenv.Race {
		rounds = 2000
	}
	var stamp atomic.Pointer[scope.Stamp]
	var round, through atomic.Int64
	wait := func(n *atomic.Int64, i int64) {
		for spins := 1; n.Load() < i; spins++ {
			if spins%1000 == 0 {
				runtime.Gosched()
			}
		}
	}
	var renewed scope.Stamp
	go func() {
		for i := range rounds {
			wait(&round, i+1)
			for range i % 40 {
				through.Load()
			}
			renewed, _ = stamp.Load().Renew(1)
			through.Store(i + 1)
		}
	}()
	for i := range rounds {
		s := one.epoch.Stamp()
		stamp.Store(&s)
		round.Store(i + 1)
		for range i / 40 % 40 {
			through.Load()
		}
		if i%2 == 0 {
			one.epoch.End()
		} else {
			one.epoch.EndAt(2)
		}
		wait(&through, i+1)
		require.False(t, s.Live() || renewed.Live())
	}
}

func TestEndsAs(t *testing.T) {
	around, block := memory.NewEpoch(nil), memory.NewEpoch(nil)
	outer, inner := around.Stamp(), block.Stamp()
	inner.EndsAs(scope.Stamp{})
	inner.EndsAs(outer) // no place is known
	block.End()
	require.Equal(t, "ended 1 scopes ago", inner.End())

	outer.EndsAt(reflect.ValueOf(TestEndsAs).Pointer())
	inner = block.Stamp()
	inner.EndsAs(outer)
	block.End()
	around.End()
	require.Equal(t, outer.End(), inner.End())
	require.Contains(t, inner.End(), "TestEndsAs")
}
