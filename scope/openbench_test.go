package scope_test

import (
	"context"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// BenchmarkScope opens and ends a scope with one block of 1 KiB in it, by Open and End and
// by NoEscape.
func BenchmarkScope(b *testing.B) {
	for _, on := range []struct {
		name string
		ctx  context.Context
	}{
		{"heap", context.Background()},
		{"buffer", scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())},
		{"locked", locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())},
	} {
		alloc := func(ctx context.Context) error {
			_, _, err := scope.Alloc[float64](ctx, 128)
			return err
		}
		b.Run("on="+on.name+"/by=open", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx, s := scope.Open(on.ctx)
				_ = alloc(ctx)
				_ = s.End()
			}
		})
		b.Run("on="+on.name+"/by=noescape", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = scope.NoEscape(on.ctx, alloc)
			}
		})
	}
}
