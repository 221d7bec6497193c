package handshake_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

//go:noinline
func enterFirst(b *handshake.Busy) { b.Enter("one") }

//go:noinline
func enterSecond(b *handshake.Busy) { b.Enter("two") }

// TestBusyNamesPlaces: the message has the stacks of both users.
func TestBusyNamesPlaces(t *testing.T) {
	var b handshake.Busy
	enterFirst(&b)
	defer func() {
		err := recover().(*guard.ConcurrentUseError)
		require.Regexp(t, `(?s)^two at\n.*busy_test\.go:\d+ \(\S*enterSecond\).*TestBusyNamesPlaces`, err.First)
		require.Regexp(t, `(?s)^one at\n.*busy_test\.go:\d+ \(\S*enterFirst\).*TestBusyNamesPlaces`, err.Second)
		b.Leave()
		b.Enter("three")
		b.Leave()
	}()
	enterSecond(&b)
}

// TestBusyConcurrently: whoever is refused learns of both, also if the other has just left.
func TestBusyConcurrently(t *testing.T) {
	var b handshake.Busy
	var all sync.WaitGroup
	var refused, ended atomic.Int64
	use := func() {
		defer func() {
			if v := recover(); v != nil {
				err, ok := v.(*guard.ConcurrentUseError)
				if !ok {
					t.Error(v)
					return
				}
				if refused.Add(1); err.Second == "a call that has just ended" {
					ended.Add(1)
				}
			}
		}()
		b.Enter("use")
		b.Leave()
	}
	for range 4 {
		all.Go(func() {
			for i := 0; i < 2000 || i < 20_000 && ended.Load() < 3; i++ { // it takes luck to see that
				use()
			}
		})
	}
	all.Wait()
	t.Log(refused.Load(), "refused,", ended.Load(), "by a call that had ended")
	require.Positive(t, refused.Load())
}
