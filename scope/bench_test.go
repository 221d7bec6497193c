package scope_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// BenchmarkAllocatorFrom looks the allocator up in contexts of different depths.
func BenchmarkAllocatorFrom(b *testing.B) {
	for _, depth := range []int{0, 4, 16} {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
			for i := range depth {
				ctx = context.WithValue(ctx, key(i), i)
			}
			b.ReportAllocs()
			for b.Loop() {
				if scope.AllocatorFrom(ctx) == nil {
					b.Fatal("nil")
				}
			}
		})
	}
}

// BenchmarkStamp asks a stamp whether its scope lives, as array types do on every
// access.
func BenchmarkStamp(b *testing.B) {
	stamp := memory.NewEpoch(nil).Stamp()
	b.ReportAllocs()
	for b.Loop() {
		if !stamp.Live() {
			b.Fatal("dead")
		}
	}
}
