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
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffers are what is put behind a lock in these tests.
var buffers = map[string]func() bumper.Buffer{
	"alloc":       func() bumper.Buffer { return bumper.NewAllocBuffer(512 << 10) },
	"storage":     func() bumper.Buffer { return bumper.NewAllocBufferOn(make([]byte, 512<<10)[1:]) },
	"slab":        func() bumper.Buffer { return bumper.NewSlabBuffer() },
	"slab/small":  func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(4096), bumper.Limit(1<<20)) },
	"third party": func() bumper.Buffer { return newPage(512 << 10) },
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
		scopetest.TestAllocator(t, func() scope.Allocator { return meter.New(locked.Share(buffers["alloc"]()), meter.Fallback()) })
	})
	t.Run("region/fallback", func(t *testing.T) {
		scopetest.TestAllocator(t, func() scope.Allocator {
			return openRegion(t, meter.New(locked.Share(buffers["alloc"]()), meter.Fallback()))
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

// page is a buffer of a third party's: a fixed piece of memory.
type page struct {
	bumper.Levels[int]
	mem   []byte
	off   int
	stats bumper.Stats
}

func newPage(size int) *page {
	p := &page{mem: make([]byte, size), stats: bumper.Stats{Capacity: size, Limit: size, Slabs: 1}}
	p.Init(p)
	return p
}

func (p *page) Alloc(size, align uintptr) (memory.Block, error) {
	start, end, ok := bumper.Fit(p.mem, p.off, size, align)
	if !ok {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "page", Requested: size,
			Available: uintptr(len(p.mem) - p.off), Limit: uintptr(len(p.mem))}
	}
	p.off = end
	return memory.NewBlock(p.mem[start:end], p.Stamp()), nil
}

func (p *page) Checkpoint() memory.Checkpoint      { return p.Open(p.off) }
func (p *page) Restore(cp memory.Checkpoint) error { return p.rewind(p.End(cp)) }
func (p *page) Unwind(cp memory.Checkpoint) error  { return p.rewind(p.EndAbove(cp)) }
func (p *page) Reset() error                       { return p.Levels.Reset(func() { p.stats.Resets++; p.off = 0 }) }

func (p *page) Stats() bumper.Stats {
	p.stats.Used = p.off
	return p.stats
}

func (p *page) rewind(off int, err error) error {
	if err == nil {
		p.off = off
	}
	return err
}
