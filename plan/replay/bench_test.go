package replay_test

import (
	"context"
	"testing"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
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

// BenchmarkSimilar makes arrays of 1 KiB, 100 in a scope; with release, each is released
// when the next is made.
func BenchmarkSimilar(b *testing.B) {
	const n = 100
	x := allocarray.New[float32](context.Background(), 256)
	run := func(name string, a scope.Allocator, release bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := scope.WithAllocator(context.Background(), a)
			step := func(ctx context.Context) error {
				last := x.Similar(ctx)
				for range n - 1 {
					y := x.Similar(ctx)
					if release {
						last.Release(ctx)
					}
					last = y
				}
				return nil
			}
			for b.Loop() {
				_ = scope.NoEscape(ctx, step)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/block")
		})
	}
	run("heap", scope.Heap(), false)
	run("slab", bumper.NewSlabBuffer(), false)
	run("slab/release", bumper.NewSlabBuffer(), true)
	run("replay", replay.New(), false)
	run("replay/release", replay.New(), true)
	run("region/release", locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(nil))), true)
	b.Run("make", func(b *testing.B) {
		for b.Loop() {
			for range n {
				sink = make([]byte, 1024)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/block")
	})
}
