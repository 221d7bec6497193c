package scopetest_test

import (
	"testing"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// TestPool: the allocator of the example passes.
func TestPool(t *testing.T) {
	scopetest.TestCheckpointer(t, func() memory.Checkpointer { return NewPool(1 << 20) })
}

// A tight pool has to give up free pieces of other sizes.
func TestTightPool(t *testing.T) {
	scopetest.TestCheckpointer(t, func() memory.Checkpointer { return NewPool(2 * scopetest.Room) })
}

// A pool behind a wrapper is still one that scopes can restore.
func TestWrappedPool(t *testing.T) {
	scopetest.TestAllocator(t, func() scope.Allocator { return meter.New(NewPool(1<<20), meter.Fallback()) })
}
