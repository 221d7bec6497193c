package replay_test

import (
	"context"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

var sink []byte

// BenchmarkBlock allocates and releases blocks of 1 KiB: 100 in a scope.
func BenchmarkBlock(b *testing.B) {
	const size, n = 1 << 10, 100
	each := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/block")
	}
	b.Run("make", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range n {
				sink = make([]byte, size)
			}
		}
		each(b)
	})
	b.Run("slab", func(b *testing.B) {
		b.ReportAllocs()
		buf := bumper.NewSlabBuffer()
		ctx := scope.WithAllocator(context.Background(), buf)
		for b.Loop() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				for range n {
					k, _ := buf.Alloc(size, 8)
					sink = k.Bytes()
				}
				return nil
			})
		}
		each(b)
	})
	for name, release := range map[string]bool{"replay/release": true, "replay/keep": false} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			buf := replay.New()
			ctx := scope.WithAllocator(context.Background(), buf)
			for b.Loop() {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					var last memory.Block
					for i := range n {
						k, _ := buf.Alloc(size, 8)
						sink = k.Bytes()
						if i > 0 && release {
							last.Stamp.EndsAt(1)
							buf.Release(last.Bytes(), last.Stamp)
						}
						last = k
					}
					return nil
				})
			}
			each(b)
		})
	}
	b.Run("bestfit/release", func(b *testing.B) {
		b.ReportAllocs()
		buf := replay.New()
		var last memory.Block
		for b.Loop() {
			for range n {
				k, _ := buf.Alloc(size, 8)
				sink = k.Bytes()
				if last.Stamp.Releasable() {
					last.Stamp.EndsAt(1)
					buf.Release(last.Bytes(), last.Stamp)
				}
				last = k
			}
		}
		each(b)
	})
}
