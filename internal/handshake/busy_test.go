package handshake_test

import (
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
