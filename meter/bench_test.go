package meter_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// BenchmarkScope opens scopes of a shared buffer with so many blocks of 1 KiB, without a
// meter and within one limit, a tree of three, and with what stands before each block.
func BenchmarkScope(b *testing.B) {
	_, _, request := tree(1<<30, 1<<30, 0)
	shared := locked.Share(bumper.NewSlabBuffer())
	allocators := []struct {
		name string
		a    scope.Allocator
	}{
		{"plain", shared},
		{"limit", meter.New(shared, meter.Within(meter.NewLimit(nil, "process", 1<<30)))},
		{"tree", meter.New(shared, meter.Within(request))},
		{"zero", meter.New(shared, meter.Zero())},
	}
	for _, blocks := range []int{1, 32, 512} {
		fill := func(ctx context.Context) error {
			for range blocks {
				if _, _, err := scope.Alloc[float64](ctx, 128); err != nil {
					return err
				}
			}
			return nil
		}
		for _, a := range allocators {
			ctx := scope.WithAllocator(context.Background(), a.a)
			b.Run(fmt.Sprintf("blocks=%d/%s", blocks, a.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = scope.NoEscape(ctx, fill)
				}
			})
			b.Run(fmt.Sprintf("blocks=%d/worker-%s", blocks, a.name), func(b *testing.B) {
				b.ReportAllocs()
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					for b.Loop() {
						_ = scope.NoEscape(ctx, fill)
					}
					return nil
				})
			})
		}
	}
}

// BenchmarkAlloc allocates 64 bytes in one scope that is long open.
func BenchmarkAlloc(b *testing.B) {
	_, _, request := tree(1<<30, 1<<30, 0)
	shared := locked.Share(bumper.NewSlabBuffer())
	for name, a := range map[string]scope.Allocator{"plain": shared, "tree": meter.New(shared, meter.Within(request))} {
		b.Run(name, func(b *testing.B) {
			n := 0
			ctx := scope.WithAllocator(context.Background(), a)
			for b.Loop() {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					for range 4096 {
						_, _, _ = scope.Alloc[float64](ctx, 8)
					}
					return nil
				})
				n += 4096
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/block")
		})
	}
}
