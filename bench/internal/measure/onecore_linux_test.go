package measure_test

import (
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
)

// TestOneCoreDoesNotPin: no other goroutine ever runs on the thread of one that is locked.
func TestOneCoreDoesNotPin(t *testing.T) {
	defer measure.OneCore()()
	require.Equal(t, 1, runtime.GOMAXPROCS(0))
	shared, threads := 0, make(chan int)
	for range 200 {
		go func() { threads <- syscall.Gettid() }()
		if <-threads == syscall.Gettid() {
			shared++
		}
	}
	require.Positive(t, shared)
}
