package handshake_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
)

// TestAbandonedInAnyOrder: an end that must wait for another is run again after it, and one
// that cannot end yet is kept for later.
func TestAbandonedInAnyOrder(t *testing.T) {
	var a handshake.Abandoned
	var ended []int
	last := 4 // what can end now: the scopes are nested
	for _, i := range []int{1, 3, 0, 4, 2} {
		a.Add(func() bool {
			if i != last || i == 0 && len(ended) < 5 {
				return false
			}
			ended, last = append(ended, i), last-1
			return true
		})
	}
	a.Run()
	require.Equal(t, []int{4, 3, 2, 1}, ended)
	ended = append(ended, -1)
	a.Run()
	require.Equal(t, []int{4, 3, 2, 1, -1, 0}, ended)
	a.Run()
	require.Len(t, ended, 6)
}

// TestAbandonedIsLetGo: what has ended is kept no longer.
func TestAbandonedIsLetGo(t *testing.T) {
	var a handshake.Abandoned
	gone := make(chan bool)
	for range 2 {
		func() {
			scope := new([64]byte)
			runtime.AddCleanup(scope, func(bool) { gone <- true }, true)
			a.Add(func() bool { return scope[0] == 0 })
		}()
	}
	a.Run()
	for range 2 {
		for found := false; !found; {
			runtime.GC()
			select {
			case <-gone:
				found = true
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	a.Run()
}
