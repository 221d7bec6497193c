package scope_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHeap(t *testing.T) { scopetest.TestAllocator(t, scope.Heap) }

func TestFallbackConformance(t *testing.T) {
	scopetest.TestAllocator(t, func() scope.Allocator {
		return meter.New(meter.New(bumper.NewAllocBuffer(200_000), meter.Fallback()), meter.Fallback())
	})
}
