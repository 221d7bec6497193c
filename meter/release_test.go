package meter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestReleaseBehindMeter: a meter that sees each block leaves the region behind it able to
// take single blocks back.
func TestReleaseBehindMeter(t *testing.T) {
	for name, option := range map[string]meter.Option{"zero": meter.Zero(), "trace": meter.Trace(io.Discard)} {
		t.Run(name, func(t *testing.T) {
			shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(new(replay.Plans))))
			ctx := scope.WithAllocator(t.Context(), meter.New(shared, option))
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				return scope.NoEscape(ctx, func(ctx context.Context) error {
					for range 100 {
						mem, stamp, err := scope.Alloc[byte](ctx, 100<<10)
						if err != nil {
							return err
						}
						mem[0] = 1
						if err := scope.Release(ctx, mem, stamp); err != nil {
							return err
						}
						require.False(t, stamp.Live())
					}
					return nil
				})
			}))
			require.Less(t, shared.Stats().Capacity, 2<<20, "for one block at a time")
		})
	}
}

// scopeless takes single blocks back, but has no levels.
type scopeless struct{ memory.Releaser }

// releasers are allocators that take single blocks back.
func releasers() map[string]scope.Allocator {
	return map[string]scope.Allocator{
		"replay": replay.New(), "free list": trial.NewFreeList(), "without levels": scopeless{trial.NewFreeList()},
	}
}

// TestReleaseDischarges: a released block is charged to no limit from that moment on, whatever scope it
// was allocated in. The numbers are exact, the peak included.
func TestReleaseDischarges(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	const kib = 1 << 10
	type array = allocarray.AllocArray[byte]
	for name, a := range releasers() {
		t.Run(name, func(t *testing.T) {
			process := meter.NewLimit(nil, "process", 0)
			request := meter.NewLimit(process, "request", 4*kib)
			ctx := scope.WithAllocator(t.Context(), meter.New(meter.New(a, meter.Within(process)), meter.Within(request)))
			used := func(n int) {
				t.Helper()
				require.Equal(t, n, request.Stats().Used)
			}
			require.NoError(t, scope.NoEscape(ctx, func(outer context.Context) error {
				x := allocarray.New[byte](outer, kib)
				used(kib)
				for range 1000 { // a loop without a scope of its own
					y := x.Similar(outer)
					x.Release(outer)
					x = y
				}
				used(kib)
				require.Equal(t, 2*kib, request.Stats().Peak)

				var three [3]array
				for i := range three {
					three[i] = x.Similar(outer)
				}
				_, _, err := scope.Alloc[byte](outer, 1)
				require.ErrorIs(t, err, scope.ErrExhausted)
				require.Equal(t, uint64(1), request.Stats().Refused)

				require.NoError(t, scope.NoEscape(outer, func(inner context.Context) error {
					three[0].Release(inner) // of the scope around
					used(3 * kib)
					in := x.Similar(inner)
					used(4 * kib)
					in.Release(inner)
					_ = allocarray.Add(inner, three[1].Move(), x) // one comes, and another goes
					used(3 * kib)
					return nil
				}))
				used(2 * kib)
				allocarray.Sum(three[2].Move()) // without a context: the meter is not told, and finds out
				_ = x.Similar(outer, 3*kib)
				used(4 * kib)
				return nil
			}))
			used(0)
			require.Equal(t, meter.LimitStats{Bytes: 4 * kib, Peak: 4 * kib, Refused: 1}, request.Stats())
			require.Zero(t, process.Stats().Used)
		})
	}
}

// TestReleaseInANestedScope: what was released behind the meter's back makes room in the scopes
// within its own, a single byte as well.
func TestReleaseInANestedScope(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	for name, a := range releasers() {
		t.Run(name, func(t *testing.T) {
			limit := meter.NewLimit(nil, "request", 100)
			ctx := scope.WithAllocator(t.Context(), meter.New(a, meter.Within(limit)))
			require.NoError(t, scope.NoEscape(ctx, func(outer context.Context) error {
				x := allocarray.New[byte](outer, 100)
				return scope.NoEscape(outer, func(inner context.Context) error {
					allocarray.Sum(x.Move())
					y := allocarray.New[byte](inner, 99)
					z := allocarray.New[byte](inner, 1)
					z.Release(inner)
					require.Equal(t, 99, limit.Stats().Used)
					y.Release(inner)
					require.Zero(t, limit.Stats().Used)
					return nil
				})
			}))
		})
	}
}

// TestReleaserOfAScope: a scope takes single blocks back as long as it is open, and if the allocator
// does.
func TestReleaserOfAScope(t *testing.T) {
	limit := meter.NewLimit(nil, "request", 0)
	for able, a := range map[bool]scope.Allocator{true: scopeless{trial.NewFreeList()}, false: scope.Heap()} {
		r, g := opened(t, meter.New(a, meter.Within(limit)))
		releaser := r.(handshake.Releasing).Releaser
		require.Equal(t, able, releaser(g) != nil)
		r.Close(g, 0)
		require.Nil(t, releaser(g))
		r.Release(g)
	}
}

// TestReleaseByAnotherContext: a block that is released behind the meter's back is discharged before
// anything is refused.
func TestReleaseByAnotherContext(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	buf := trial.NewFreeList()
	limit := meter.NewLimit(nil, "request", 100)
	direct := scope.WithAllocator(t.Context(), buf)
	x := allocarray.New[byte](scope.WithAllocator(t.Context(), meter.New(buf, meter.Within(limit))), 100)
	require.Equal(t, 100, limit.Stats().Used)
	x.Release(direct)
	_ = allocarray.New[byte](scope.WithAllocator(t.Context(), meter.New(buf, meter.Within(limit))), 100)
	require.Equal(t, meter.LimitStats{Bytes: 100, Used: 100, Peak: 100}, limit.Stats())
}

// TestReleaseRefused: what the allocator refuses is not discharged, nor what is not its own.
func TestReleaseRefused(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	limit := meter.NewLimit(nil, "request", 1000)
	one, two := meter.New(trial.NewFreeList(), meter.Within(limit)), meter.New(trial.NewFreeList(), meter.Within(limit))
	b, err := one.Alloc(100, 8)
	require.NoError(t, err)
	require.False(t, two.Release(b.Bytes(), b.Stamp), "of another")
	require.False(t, one.Release(b.Bytes()[:50], b.Stamp), "a part")
	require.True(t, b.Stamp.Live())
	require.Equal(t, 100, limit.Stats().Used)
	require.True(t, one.Release(b.Bytes(), b.Stamp))
	require.False(t, one.Release(b.Bytes(), b.Stamp), "twice")
	require.Zero(t, limit.Stats().Used)

	slab := meter.New(bumper.NewSlabBuffer(), meter.Within(limit))
	b, err = slab.Alloc(100, 8)
	require.NoError(t, err)
	require.False(t, slab.Release(b.Bytes(), b.Stamp), "it takes no single blocks back")
	_, able := memory.ReleaserOf(slab)
	require.False(t, able)
	require.Equal(t, 100, limit.Stats().Used)
}

// TestReleaseInLog: the most bytes that a scope has held are without those released before.
func TestReleaseInLog(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	for _, name := range []string{"replay", "free list"} {
		var out bytes.Buffer
		m := meter.New(releasers()[name], meter.Log(slog.New(slog.NewJSONHandler(&out, nil)), 0, 1))
		require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), m), func(outer context.Context) error {
			x := allocarray.New[byte](outer, 100)
			require.NoError(t, scope.NoEscape(outer, func(inner context.Context) error {
				for range 10 {
					y := allocarray.New[byte](inner, 100)
					x.Release(inner)
					x = y
				}
				return nil
			}))
			_ = allocarray.New[byte](outer, 220) // when the scope within has ended, all of it is gone, once
			return nil
		}))
		var line struct{ Bytes int }
		require.NoError(t, json.Unmarshal(out.Bytes(), &line), out.String())
		require.Equal(t, 220, line.Bytes, name)
	}
}

// TestReleaseInRegion: a region is charged for the storage that it takes. Releasing a block discharges
// nothing, but the next takes its place: a loop stays at the charge that it begins with.
func TestReleaseInRegion(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	const size = 100 << 10
	for name, options := range map[string][]meter.Option{"alone": nil, "that sees each block": {meter.Zero()}} {
		limit := meter.NewLimit(nil, "request", 4*size)
		shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(new(replay.Plans))))
		ctx := scope.WithAllocator(t.Context(), meter.New(shared, append(options, meter.Within(limit))...))
		for range 3 {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				x := allocarray.New[byte](ctx, size)
				y := x.Similar(ctx)
				x.Release(ctx)
				charged := limit.Stats().Used
				require.GreaterOrEqual(t, charged, 2*size, name)
				for range 100 {
					z := y.Similar(ctx)
					y.Release(ctx)
					y = z
					require.Equal(t, charged, limit.Stats().Used, name)
				}
				return nil
			}))
			require.Zero(t, limit.Stats().Used, name)
		}
	}
}
