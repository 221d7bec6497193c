package locked_test

import (
	"context"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func scoped(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		_, _, err := scope.Alloc[float64](ctx, 128)
		return err
	})
}

// BenchmarkRegion opens and closes regions with one allocation of 1 KiB.
func BenchmarkRegion(b *testing.B) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	b.Run("goroutines=1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = scoped(ctx)
		}
	})
	b.Run("goroutines=all", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = scoped(ctx)
			}
		})
	})
	b.Run("worker", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				for pb.Next() {
					_ = scoped(ctx)
				}
				return nil
			})
		})
	})
}

// BenchmarkParallelAlloc allocates 1 KiB in all goroutines at the same time, with a
// scope around every 512 of them.
func BenchmarkParallelAlloc(b *testing.B) {
	for name, ctx := range map[string]context.Context{
		"heap":   context.Background(),
		"locked": locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer()),
	} {
		b.Run("alloc="+name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for more := true; more; {
					_ = scope.NoEscape(ctx, func(ctx context.Context) error {
						for n := 0; n < 512 && more; n++ {
							s, _, err := scope.Alloc[float64](ctx, 128)
							if err != nil {
								return err
							}
							s[0] = 1
							more = pb.Next()
						}
						return nil
					})
				}
			})
		})
	}
}

// BenchmarkScope opens a scope with 32 blocks of 1 KiB, in a region of its own and in the
// kept one of a worker.
func BenchmarkScope(b *testing.B) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	fill := func(ctx context.Context) error {
		for range 32 {
			if _, _, err := scope.Alloc[float64](ctx, 128); err != nil {
				return err
			}
		}
		return nil
	}
	b.Run("region", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = scope.NoEscape(ctx, fill)
		}
	})
	b.Run("worker", func(b *testing.B) {
		b.ReportAllocs()
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			for b.Loop() {
				_ = scope.NoEscape(ctx, fill)
			}
			return nil
		})
	})
}
