package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffers are what is put behind a lock in these tests.
var buffers = map[string]func() bumper.Buffer{
	"alloc":       func() bumper.Buffer { return bumper.NewAllocBuffer(512 << 10) },
	"storage":     func() bumper.Buffer { return bumper.NewAllocBufferOn(make([]byte, 512<<10)[1:]) },
	"slab":        func() bumper.Buffer { return bumper.NewSlabBuffer() },
	"slab/small":  func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(4096), bumper.Limit(1<<20)) },
	"autoscaling": func() bumper.Buffer { return bumper.NewAutoscalingBuffer(bumper.Initial(1000), bumper.Limit(2<<20)) },
}

func TestConformance(t *testing.T) {
	for name, new := range buffers {
		t.Run("shared/"+name, func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator { return locked.Share(new()) })
		})
		t.Run("region/"+name, func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator { return openRegion(t, locked.Share(new())) })
		})
	}
	t.Run("fallback", func(t *testing.T) {
		scopetest.TestAllocator(t, func() scope.Allocator { return meter.NewFallback(locked.Share(buffers["alloc"]())) })
	})
	t.Run("region/fallback", func(t *testing.T) {
		scopetest.TestAllocator(t, func() scope.Allocator {
			return openRegion(t, meter.NewFallback(locked.Share(buffers["alloc"]())))
		})
	})
}

// openRegion returns the allocator of a private region of a that stays open until
// the test has ended.
func openRegion(t *testing.T, a scope.Allocator) scope.Allocator {
	allocator, done := make(chan scope.Allocator), make(chan error)
	go func() {
		done <- scope.NoEscape(scope.WithAllocator(context.Background(), a), func(ctx context.Context) error {
			allocator <- scope.AllocatorFrom(ctx)
			<-t.Context().Done()
			return nil
		})
	}()
	t.Cleanup(func() { require.NoError(t, <-done) })
	return <-allocator
}
