package scope_test

import (
	"reflect"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestEndOfABlock: a released block says where it was released, as long as that is known; and does not
// count as scopes what was released after it.
func TestEndOfABlock(t *testing.T) {
	one := new(oneBlock)
	one.epoch = memory.NewBlockEpoch(one)
	pc := reflect.ValueOf(TestEndOfABlock).Pointer()
	s := one.epoch.Stamp()
	one.epoch.EndAt(pc)
	require.Regexp(t, `^ended at \S+blockend_test\.go:\d+ `, s.End())
	for range 10 {
		one.epoch.EndAt(pc)
	}
	require.Equal(t, "ended, and its memory was used again since", s.End())
}

// TestEndOfAGuardedBlock: guard mode tells the place of a release, which is recorded before it.
func TestEndOfAGuardedBlock(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("no page protection on this system: released memory is poisoned only")
	}
	defer guard.Set(guard.Set(guard.Full))
	one := new(oneBlock)
	one.epoch = memory.NewBlockEpoch(one)
	b := memory.Guarded(one.epoch.Block(make([]byte, 100)), 1)
	mem := b.Bytes()
	b.Stamp.EndsAt(reflect.ValueOf(TestEndOfAGuardedBlock).Pointer())
	one.epoch.EndAt(0)
	var err error
	func() {
		defer func() { err, _ = recover().(error) }()
		_ = scope.Try(func() error { mem[50] = 1; return nil })
	}()
	require.ErrorIs(t, err, scope.ErrStale)
	require.Regexp(t, `whose scope has ended at\s+\S+blockend_test\.go:\d+`, err.Error())
}
