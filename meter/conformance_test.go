package meter_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// quietly logs nowhere.
var quietly = slog.New(slog.DiscardHandler)

// options are sets of options, each with what it stands for. A limit is new in each.
var options = map[string]func() []meter.Option{
	"none":     func() []meter.Option { return nil },
	"limit":    func() []meter.Option { return []meter.Option{within(1 << 20)} },
	"log":      func() []meter.Option { return []meter.Option{meter.Log(quietly, 1, 1)} },
	"trace":    func() []meter.Option { return []meter.Option{meter.Trace(io.Discard)} },
	"zero":     func() []meter.Option { return []meter.Option{meter.Zero()} },
	"fallback": func() []meter.Option { return []meter.Option{meter.Fallback()} },
	"fail":     func() []meter.Option { return []meter.Option{meter.FailRandomly(0.1, 7)} },
	"all": func() []meter.Option {
		return []meter.Option{
			within(1 << 20), meter.Log(quietly, time.Hour, 1), meter.Trace(io.Discard), meter.Zero(), meter.Fail(9),
			meter.OnExhausted(func(r meter.Request) bool { return r.Attempt < 2 }),
		}
	},
}

func within(bytes int) meter.Option {
	process := meter.NewLimit(nil, "process", bytes)
	return meter.Within(meter.NewLimit(meter.NewLimit(process, "tenant", bytes), "request", 0))
}

func TestConformance(t *testing.T) {
	for name, opts := range options {
		if testenv.Slow() && testing.Short() && name != "limit" && name != "all" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			scopetest.TestWrapper(t, func(inner scope.Allocator) scope.Allocator { return meter.New(inner, opts()...) })
		})
		t.Run(name+"/twice", func(t *testing.T) {
			scopetest.TestWrapper(t, func(inner scope.Allocator) scope.Allocator {
				return meter.New(meter.New(inner, opts()...), opts()...)
			})
		})
		if name == "fail" || name == "all" {
			continue // an allocator that refuses what it has does not pass
		}
		t.Run(name+"/region", func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator {
				return openRegion(t, meter.New(locked.Share(bumper.NewAllocBuffer(512<<10)), opts()...))
			})
		})
	}
	t.Run("source", func(t *testing.T) {
		scopetest.TestSource(t, func() bumper.Source {
			return meter.Source(meter.NewLimit(nil, "process", 1<<30), bumper.GoHeap())
		})
	})
}

// openRegion returns the allocator of a region of a that stays open until the test has
// ended.
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
