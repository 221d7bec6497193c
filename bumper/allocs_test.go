package bumper_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestAllocations: in a steady state neither a scope nor anything allocated in it
// costs an object of the Go heap.
func TestAllocations(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	type point struct{ X, Y float32 }
	uses := map[string]func(ctx context.Context) error{
		"nothing": func(context.Context) error { return nil },
		"Alloc":   func(ctx context.Context) error { _, _, err := scope.Alloc[float64](ctx, 128); return err },
		"Make":    func(ctx context.Context) error { scope.Make[float32](ctx, 100)[3] = 1; return nil },
		"structs": func(ctx context.Context) error { scope.Make[point](ctx, 100)[99].Y = 1; return nil },
		"large":   func(ctx context.Context) error { scope.Make[byte](ctx, 60_000)[7] = 1; return nil },
		"3 deep": func(ctx context.Context) error {
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				_ = scope.Make[int](ctx, 10)
				return scope.NoEscape(ctx, func(ctx context.Context) error {
					_ = scope.Make[int](ctx, 10)
					return nil
				})
			})
		},
	}
	for name, new := range buffers {
		if name == "slab/isolating" {
			continue // it costs an object for each slab, as documented
		}
		ctx := scope.WithAllocator(context.Background(), new())
		for use, f := range uses {
			t.Run(name+"/"+use, func(t *testing.T) {
				run := func() {
					if err := scope.NoEscape(ctx, f); err != nil {
						panic(err)
					}
				}
				for range 10 {
					run() // until the buffer has learnt its size
				}
				require.Zero(t, testing.AllocsPerRun(100, run))
			})
		}
	}
}

func TestResetAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for name, new := range buffers {
		if name == "slab/isolating" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			buf := new()
			ctx := scope.WithAllocator(context.Background(), buf)
			run := func() {
				_ = scope.Make[byte](ctx, 1000)
				_ = scope.Make[byte](ctx, 50_000)
				if err := buf.Reset(); err != nil {
					panic(err)
				}
			}
			for range 10 {
				run()
			}
			require.Zero(t, testing.AllocsPerRun(100, run))
		})
	}
}

// Lookups through values and deadlines allocate nothing either.
func TestDeepContext(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := deepen(scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()), 16)
	run := func() {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error { _ = scope.Make[byte](ctx, 100); return nil })
	}
	run()
	require.Zero(t, testing.AllocsPerRun(100, run))
}
