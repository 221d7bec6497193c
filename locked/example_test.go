package locked_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// mean is numeric code that does not know where its memory comes from.
func mean(ctx context.Context, x []float64) float64 {
	scaled := scope.Make[float64](ctx, len(x))
	sum := 0.0
	for i := range x {
		scaled[i] = x[i] / float64(len(x))
		sum += scaled[i]
	}
	return sum
}

func ExampleWithLockedBumper() {
	buf := bumper.NewSlabBuffer()
	ctx := locked.WithLockedBumper(context.Background(), buf)

	var wg sync.WaitGroup
	means := make([]float64, 4)
	for i := range means {
		wg.Go(func() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				means[i] = mean(ctx, []float64{float64(i), float64(i + 2)})
				return nil
			})
		})
	}
	wg.Wait()
	fmt.Println(means, buf.Reset())
	// Output: [1 2 3 4] <nil>
}

func ExampleGroup() {
	buf := bumper.NewSlabBuffer()
	g := locked.NewGroup(locked.WithLockedBumper(context.Background(), buf))
	g.SetLimit(2)
	means := make([]float64, 3)
	for i := range means {
		g.Go(func(ctx context.Context) error {
			for range 1000 { // each scope uses the same memory again
				err := scope.NoEscape(ctx, func(ctx context.Context) error {
					means[i] = mean(ctx, []float64{float64(i), float64(i + 2)})
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	fmt.Println(buf.Reset())
	fmt.Println(g.Wait())
	fmt.Println(buf.Reset(), means)
	// Output:
	// bumper: buffer is in use by a parallel region; reset it when the region has ended
	// <nil>
	// <nil> [1 2 3]
}

func ExampleBuffer_Stats() {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(1 << 20)))
	ctx := scope.WithAllocator(context.Background(), shared)
	var kept context.Context
	for range 1000 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 10_000)
			kept = ctx
			return nil
		})
	}
	_ = scope.Make[byte](kept, 10) // too late: this is on the heap
	s := shared.Stats()
	fmt.Printf("%d regions, %d at a time, %d KiB, %d late\n", s.Regions, s.Peak, s.Capacity>>10, s.Late)
	// Output: 1000 regions, 1 at a time, 1024 KiB, 1 late
}
