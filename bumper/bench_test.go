package bumper_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// deepKey is the type of the values by which deepen makes a context deep.
type deepKey int

// deepen returns a context that is depth values away from ctx.
func deepen(ctx context.Context, depth int) context.Context {
	for i := range depth {
		ctx = context.WithValue(ctx, deepKey(i), i)
	}
	return ctx
}

// allocators are what the benchmarks compare.
var allocators = []struct {
	name string
	ctx  func() context.Context
}{
	{"heap", context.Background},
	{"bumper", func() context.Context { return scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()) }},
	{"locked", func() context.Context { return locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer()) }},
}

// sink keeps what a benchmark allocates from being optimised away.
var sink []float64

// batch is how many allocations share a scope, so that the scope hardly counts.
const batch = 512

// BenchmarkAlloc allocates 1 KiB through contexts of different depths.
func BenchmarkAlloc(b *testing.B) {
	for _, a := range allocators {
		for _, depth := range []int{0, 4, 16} {
			b.Run(fmt.Sprintf("alloc=%s/depth=%d", a.name, depth), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(1024)
				ctx := a.ctx()
				left := b.N
				for left > 0 {
					n := min(left, batch)
					left -= n
					_ = scope.NoEscape(ctx, func(ctx context.Context) error {
						ctx = deepen(ctx, depth)
						for range n {
							sink, _, _ = scope.Alloc[float64](ctx, 128)
						}
						return nil
					})
				}
			})
		}
	}
}

// BenchmarkNoEscape opens and closes a scope. With a locked buffer that is a region
// of one's own, or, in a worker, the next scope of the worker's.
func BenchmarkNoEscape(b *testing.B) {
	for _, a := range allocators {
		b.Run("alloc="+a.name, func(b *testing.B) { benchNoEscape(b, a.ctx()) })
	}
	b.Run("alloc=locked/worker", func(b *testing.B) {
		g := locked.NewGroup(allocators[2].ctx())
		g.Go(func(ctx context.Context) error { benchNoEscape(b, ctx); return nil })
		_ = g.Wait()
	})
}

func benchNoEscape(b *testing.B, ctx context.Context) {
	b.ReportAllocs()
	for b.Loop() {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			sink, _, _ = scope.Alloc[float64](ctx, 128)
			return nil
		})
	}
}

// BenchmarkBuffers compares the three buffers on one scope with a few blocks.
func BenchmarkBuffers(b *testing.B) {
	for _, name := range []string{"alloc", "slab", "autoscaling"} {
		b.Run("buffer="+name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := scope.WithAllocator(context.Background(), buffers[name]())
			for b.Loop() {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					for _, n := range [...]int{1, 100, 1000, 30} {
						sink, _, _ = scope.Alloc[float64](ctx, n)
					}
					return nil
				})
			}
		})
	}
}
