package meter_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// BenchmarkScope opens scopes of a shared buffer with so many blocks of so many bytes:
// without a meter, within one limit and within a tree of three, and with what stands before
// each block. All run in turn, so that they meet the same disturbances. Of each it reports
// the median in ns for a block, and for a scope beyond plain's.
func BenchmarkScope(b *testing.B) {
	_, _, request := tree(1<<30, 1<<30, 0)
	shared := locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(4 << 20)))
	allocators := []struct {
		name string
		a    scope.Allocator
	}{
		{"plain", shared},
		{"limit", meter.New(shared, meter.Within(meter.NewLimit(nil, "process", 1<<30)))},
		{"tree", meter.New(shared, meter.Within(request))},
		{"zero", meter.New(shared, meter.Zero())},
	}
	for _, of := range []struct{ blocks, size int }{{1, 64}, {1, 1024}, {32, 1024}, {512, 1024}, {4096, 64}} {
		fill := func(ctx context.Context) error {
			for range of.blocks {
				if _, _, err := scope.Alloc[byte](ctx, of.size); err != nil {
					return err
				}
			}
			return nil
		}
		for _, kind := range []string{"outermost", "worker"} {
			b.Run(fmt.Sprintf("%d×%d/%s", of.blocks, of.size, kind), func(b *testing.B) {
				var runs []func(times int) time.Duration
				var enter func(i int)
				enter = func(i int) {
					if i == len(allocators) {
						inTurn(b, runs, of.blocks, func(i int) string { return allocators[i].name })
						return
					}
					ctx := scope.WithAllocator(context.Background(), allocators[i].a)
					add := func(ctx context.Context) error {
						runs = append(runs, func(times int) time.Duration {
							start := time.Now()
							for range times {
								_ = scope.NoEscape(ctx, fill)
							}
							return time.Since(start)
						})
						enter(i + 1)
						return nil
					}
					if kind == "worker" {
						_ = scope.NoEscape(ctx, add)
					} else {
						_ = add(ctx)
					}
				}
				enter(0)
			})
		}
	}
}

// inTurn measures runs of the first and the others in turn, and reports their medians.
func inTurn(b *testing.B, runs []func(times int) time.Duration, blocks int, name func(i int) string) {
	const rounds = 401
	times := max(1, 2000/blocks)
	took := make([][]float64, len(runs))
	for b.Loop() {
		for range rounds {
			for i, run := range runs {
				took[i] = append(took[i], float64(run(times).Nanoseconds())/float64(times))
			}
		}
	}
	for i := range took {
		slices.Sort(took[i])
		median := took[i][len(took[i])/2]
		b.ReportMetric(median/float64(blocks), name(i)+"-ns/block")
		if i > 0 {
			b.ReportMetric(median-took[0][len(took[0])/2], name(i)+"-extra-ns/scope")
		}
	}
	b.ReportMetric(0, "ns/op")
}
