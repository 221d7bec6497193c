package scopetest_test

import (
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// TestFreeList: the allocator of the tests of Release passes.
func TestFreeList(t *testing.T) {
	scopetest.TestCheckpointer(t, func() memory.Checkpointer { return trial.NewFreeList() })
}
