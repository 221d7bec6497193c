package allocarray_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// makers make allocators of all kinds; those of which single arrays are released are marked.
var makers = map[string]struct {
	new   func() scope.Allocator
	takes bool
}{
	"slab":               {func() scope.Allocator { return bumper.NewSlabBuffer() }, false},
	"alloc":              {func() scope.Allocator { return bumper.NewAllocBuffer(1 << 16) }, false},
	"autoscaling":        {func() scope.Allocator { return bumper.NewAutoscalingBuffer() }, false},
	"isolating":          {func() scope.Allocator { return bumper.NewSlabBuffer(bumper.Isolating()) }, false},
	"locked":             {func() scope.Allocator { return locked.Share(bumper.NewSlabBuffer()) }, false},
	"metered slab":       {func() scope.Allocator { return meter.New(bumper.NewSlabBuffer(), meter.Zero()) }, false},
	"metered locked":     {func() scope.Allocator { return meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Zero()) }, false},
	"metered heap":       {func() scope.Allocator { return meter.New(scope.Heap(), meter.Within(meter.NewLimit(nil, "all", 0))) }, false},
	"free list":          {func() scope.Allocator { return trial.NewFreeList() }, true},
	"metered free list":  {func() scope.Allocator { return meter.New(trial.NewFreeList(), meter.Zero()) }, true},
	"replay":             {func() scope.Allocator { return replay.New() }, true},
	"regions of replays": {func() scope.Allocator { return replays() }, true},
}

func replays() scope.Allocator {
	return locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(nil)))
}

// TestReleaseWhereItWasMade: an array is released with the context that it was made with, whatever
// scope that is of; where the allocator does not take arrays back, that changes nothing.
func TestReleaseWhereItWasMade(t *testing.T) {
	for name, m := range makers {
		for _, mode := range []guard.Mode{guard.Off, guard.Full} {
			t.Run(fmt.Sprint(name, "/", mode), func(t *testing.T) {
				inMode(t, mode)
				use := func(ctx context.Context, inRegion bool) {
					t.Helper()
					takes := mode == guard.Full || m.takes && (inRegion || name != "regions of replays")
					x, y := allocarray.Full(ctx, 1.0, 10), allocarray.Full(ctx, 1.0, 10)
					x.Release(ctx)
					require.Equal(t, !takes, x.Live())
					require.Equal(t, 20.0, allocarray.Sum(allocarray.Add(ctx, y.Move(), y)))
					require.Equal(t, !takes, y.Live())
				}
				ctx := scope.WithAllocator(t.Context(), m.new())
				use(ctx, false)
				require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
					use(ctx, true)
					return scope.NoEscape(ctx, func(ctx context.Context) error { use(ctx, true); return nil })
				}))
				opened, s := scope.Open(ctx)
				use(opened, true)
				nested, within := scope.Open(opened)
				use(nested, true)
				require.NoError(t, within.End())
				use(opened, true)
				require.NoError(t, s.End())
			})
		}
	}
}

// TestReleaseByAnotherIsFoundInGuardMode: also where Release would do nothing.
func TestReleaseByAnotherIsFoundInGuardMode(t *testing.T) {
	inMode(t, guard.Full)
	for name, m := range makers {
		if name == "metered heap" {
			continue // any allocator may hand out memory of the heap
		}
		made := scope.WithAllocator(t.Context(), m.new())
		for other, ctx := range map[string]context.Context{
			"another of its kind": scope.WithAllocator(t.Context(), m.new()),
			"a slab":              scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()),
			"a metered slab":      scope.WithAllocator(t.Context(), meter.New(bumper.NewSlabBuffer(), meter.Zero())),
			"the heap":            t.Context(),
		} {
			require.NoError(t, scope.NoEscape(made, func(made context.Context) error {
				x := allocarray.New[int](made, 3)
				require.Contains(t, fmt.Sprint(panicOf(func() { x.Release(ctx) })), "the allocator in the context did not make it", "%s, by %s", name, other)
				require.True(t, x.Live())
				x.Release(made)
				require.False(t, x.Live())
				return nil
			}))
		}
	}
}
