package meter_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestOpenScopesDischargeAll: however a scope that was opened ends, nothing of it stays
// charged.
func TestOpenScopesDischargeAll(t *testing.T) {
	scope.OnLeak(func(string) {})
	t.Cleanup(func() { scope.OnLeak(nil) })
	ends := map[string]func(ctx context.Context){
		"end": func(ctx context.Context) {
			ctx, s := scope.Open(ctx)
			scope.Make[byte](ctx, 100_000)
			require.NoError(t, s.End())
			require.NoError(t, s.End())
		},
		"panic": func(ctx context.Context) {
			defer func() { require.Equal(t, "p", recover()) }()
			ctx, s := scope.Open(ctx)
			defer s.End()
			scope.Make[byte](ctx, 100_000)
			panic("p")
		},
		"parent": func(ctx context.Context) {
			outer, s := scope.Open(ctx)
			scope.Make[byte](outer, 100_000)
			inner, _ := scope.Open(outer)
			scope.Make[byte](inner, 100_000)
			require.NoError(t, s.End())
		},
		"refused": func(ctx context.Context) {
			ctx, s := scope.Open(ctx)
			defer s.End()
			require.ErrorIs(t, scope.Try(func() error { scope.Make[byte](ctx, 10<<20); return nil }), scope.ErrExhausted)
		},
		"never": func(ctx context.Context) {
			before := scope.Leaks()
			func() {
				ctx, _ := scope.Open(ctx)
				scope.Make[byte](ctx, 100_000)
			}()
			require.Eventually(t, func() bool { runtime.GC(); return scope.Leaks() == before+1 }, 10*time.Second, time.Millisecond)
			_ = scope.NoEscape(ctx, func(context.Context) error { return nil }) // which ends it on an unlocked buffer
		},
	}
	for kind, allocator := range metered {
		for how, end := range ends {
			t.Run(kind+"/"+how, func(t *testing.T) {
				p, tenant, r := tree(8<<20, 4<<20, 0)
				end(scope.WithAllocator(t.Context(), allocator(r)))
				require.Equal(t, []int{0, 0, 0}, used(p, tenant, r))
			})
		}
	}
}

// TestOpenScopesCharge what they hold, with the scopes inside them, once.
func TestOpenScopesCharge(t *testing.T) {
	for kind, allocator := range metered {
		t.Run(kind, func(t *testing.T) {
			p, tenant, r := tree(8<<20, 4<<20, 0)
			ctx, s := scope.Open(scope.WithAllocator(t.Context(), allocator(r)))
			require.Equal(t, []int{0, 0, 0}, used(p, tenant, r))
			scope.Make[byte](ctx, 100_000)
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				scope.Make[byte](ctx, 200_000)
				require.InDelta(t, 300_000, used(r)[0], 140_000)
				return nil
			}))
			child, c := scope.Open(ctx)
			scope.Make[byte](child, 1_000_000)
			require.InDelta(t, 1_100_000, used(r)[0], 200_000)
			_, _, err := scope.Alloc[byte](child, 4<<20)
			require.Same(t, tenant, meter.RefusedBy(err))
			require.Equal(t, used(p, p, p), used(p, tenant, r))
			require.NoError(t, c.End())
			require.Less(t, used(r)[0], 300_000)
			require.NoError(t, s.End())
			require.Equal(t, []int{0, 0, 0}, used(p, tenant, r))

			_, stamp, err := scope.Alloc[byte](child, 5<<20)
			require.NoError(t, err)
			require.False(t, stamp.Scoped(), "late, and nobody's")
			require.Equal(t, []uint64{1, 0}, []uint64{c.Late(), s.Late()}, "of the child, not of its parent")
			require.Equal(t, []int{0, 0, 0}, used(p, tenant, r))
		})
	}
}

// TestOpenOutOfOrder: a scope that is refused its end keeps what it is charged.
func TestOpenOutOfOrder(t *testing.T) {
	l := meter.NewLimit(nil, "tenant", 1<<20)
	ctx := scope.WithAllocator(t.Context(), meter.New(bumper.NewSlabBuffer(), meter.Within(l)))
	one, first := scope.Open(ctx)
	scope.Make[byte](one, 1000)
	two, second := scope.Open(ctx)
	scope.Make[byte](two, 2000)
	require.ErrorIs(t, first.End(), bumper.ErrOutOfOrder)
	require.Equal(t, []int{3000}, used(l))
	require.NoError(t, second.End())
	require.Equal(t, []int{1000}, used(l))
	require.NoError(t, first.End())
	require.Equal(t, []int{0}, used(l))
}

// TestMeterInAnOpenScope: a meter around the allocator of a scope that was opened adds to
// what that charges; scopes within both end with it.
func TestMeterInAnOpenScope(t *testing.T) {
	for kind, a := range map[string]scope.Allocator{
		"locked": locked.Share(bumper.NewSlabBuffer()), "unlocked": bumper.NewSlabBuffer(), "heap": scope.Heap(),
	} {
		for _, outerMeter := range []bool{false, true} {
			p, tenant, r := tree(8<<20, 4<<20, 0)
			if outerMeter {
				a = meter.New(a, meter.Within(tenant))
			}
			outer, s := scope.Open(scope.WithAllocator(t.Context(), a))
			scope.Make[byte](outer, 100_000)
			around := used(tenant)[0]
			require.Equal(t, outerMeter, around > 0)

			inner := scope.WithAllocator(outer, meter.New(scope.AllocatorFrom(outer), meter.Within(r)))
			require.NoError(t, scope.NoEscape(inner, func(ctx context.Context) error {
				scope.Make[byte](ctx, 200_000)
				require.InDelta(t, 200_000, used(r)[0], 70_000)
				return nil
			}), kind)
			require.Equal(t, []int{0, around}, used(r, tenant), kind)

			child, c := scope.Open(inner)
			scope.Make[byte](child, 300_000)
			require.InDelta(t, 300_000, used(r)[0], 70_000)
			require.Same(t, tenant, meter.RefusedBy(scope.NoEscape(child, func(ctx context.Context) error {
				scope.Make[byte](ctx, 4<<20)
				return nil
			})))
			require.NoError(t, s.End(), "ends its children")
			require.Equal(t, []int{0, 0, 0}, used(p, tenant, r), kind)
			_, stamp, err := scope.Alloc[byte](child, 10)
			require.NoError(t, err)
			require.False(t, stamp.Scoped())
			require.EqualValues(t, 1, c.Late())
			require.NoError(t, c.End())
		}
	}
}

// TestOpenIsLogged as one scope, with the most that it and those inside it have held.
func TestOpenIsLogged(t *testing.T) {
	for kind, a := range map[string]scope.Allocator{
		"locked": locked.Share(bumper.NewSlabBuffer()), "unlocked": bumper.NewSlabBuffer(), "heap": scope.Heap(),
	} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		ctx, s := scope.Open(scope.WithAllocator(t.Context(), meter.New(a, meter.Log(log, 0, 1<<20))))
		for range 2 {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 1<<20); return nil }))
		}
		child, _ := scope.Open(ctx)
		scope.Make[byte](child, 2<<20)
		require.Empty(t, out.String(), kind)
		require.NoError(t, s.End())
		require.Equal(t, 1, strings.Count(out.String(), "\n"), kind)
		require.Regexp(t, `bytes=2[0-9]{6} failed=0`, out.String())
	}
}

// TestOpenIsTraced where it began and ended, and replayed.
func TestOpenIsTraced(t *testing.T) {
	want := []string{
		`"op":"begin","scope":1,"in":0}`,
		`"op":"alloc","scope":1,"size":80,"align":4}`,
		`"op":"begin","scope":2,"in":1}`,
		`"op":"alloc","scope":2,"size":3,"align":1}`,
		`"op":"begin","scope":3,"in":2}`,
		`"op":"alloc","scope":3,"size":4,"align":1}`,
		`"op":"end","scope":3}`,
		`"op":"end","scope":2}`,
		`"op":"alloc","scope":1,"size":5,"align":1}`,
		`"op":"end","scope":1}`,
		"",
	}
	for kind, a := range map[string]func() scope.Allocator{
		"locked":   func() scope.Allocator { return locked.Share(bumper.NewSlabBuffer()) },
		"unlocked": func() scope.Allocator { return bumper.NewSlabBuffer() },
		"third":    func() scope.Allocator { return &checkpoints{SlabBuffer: bumper.NewSlabBuffer()} },
		"heap":     scope.Heap,
	} {
		var out, again bytes.Buffer
		ctx, s := scope.Open(scope.WithAllocator(t.Context(), meter.New(a(), meter.Trace(&out))))
		scope.Make[float32](ctx, 20)
		child, c := scope.Open(ctx)
		scope.Make[byte](child, 3)
		require.NoError(t, scope.NoEscape(child, func(ctx context.Context) error { scope.Make[byte](ctx, 4); return nil }))
		require.NoError(t, c.End())
		scope.Make[byte](ctx, 5)
		require.NoError(t, s.End())
		require.Equal(t, want, untimed(out.String()), kind)

		got, err := meter.Replay(scope.WithAllocator(t.Context(), meter.New(a(), meter.Trace(&again))), &out)
		require.NoError(t, err)
		require.Equal(t, meter.Replayed{Scopes: 3, Allocations: 4, Bytes: 92}, got)
		require.Equal(t, want, untimed(again.String()), kind)
	}
}

// checkpoints is a third party's buffer.
type checkpoints struct{ *bumper.SlabBuffer }

// TestObjectsOfOpen: a limit costs no object for a scope that is opened.
func TestObjectsOfOpen(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	_, _, r := tree(8<<20, 8<<20, 0)
	shared := locked.Share(bumper.NewSlabBuffer())
	var counts []float64
	for _, a := range []scope.Allocator{shared, meter.New(shared, meter.Within(r))} {
		ctx := scope.WithAllocator(t.Context(), a)
		run := func() {
			ctx, s := scope.Open(ctx)
			scope.Make[byte](ctx, 1000)
			_ = s.End()
		}
		run()
		counts = append(counts, testing.AllocsPerRun(100, run))
	}
	require.Equal(t, counts[0], counts[1])
}

// TestBuilderIsCharged for what it grows by, in place or by a copy.
func TestBuilderIsCharged(t *testing.T) {
	for kind, allocator := range metered {
		t.Run(kind, func(t *testing.T) {
			p, tenant, r := tree(8<<20, 4<<20, 0)
			require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), allocator(r)), func(ctx context.Context) error {
				b := scope.NewBuilder[byte](ctx, 0)
				for range 20 {
					b.Append(make([]byte, 50_000)...)
					require.GreaterOrEqual(t, used(r)[0], b.Len())
				}
				if (kind == "locked" || kind == "twice") && !testenv.Guarded() {
					require.Less(t, used(r)[0], 2_600_000, "in place, so that it is not counted twice")
				}
				_, err := scope.ReadFrom(b, zeros{}, 5_000_000)
				require.Same(t, tenant, meter.RefusedBy(err))
				return nil
			}))
			require.Equal(t, []int{0, 0, 0}, used(p, tenant, r))
		})
	}
}

// zeros is an endless reader.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

var _ io.Reader = zeros{}

// TestReserveInAnOpenScope, which takes its region for it.
func TestReserveInAnOpenScope(t *testing.T) {
	for kind, a := range reservable() {
		t.Run(kind, func(t *testing.T) {
			background := scope.WithAllocator(t.Context(), a)
			ctx, s := scope.Open(background)
			require.NoError(t, scope.Reserve(ctx, 640_000))
			sizes := slices.Repeat([]int{64_000}, 10)
			for _, n := range sizes {
				scope.Make[byte](ctx, n)
			}
			child, c := scope.Open(ctx)
			require.ErrorContains(t, scope.Reserve(child, 700_000), "a scope that holds memory does not wait for more: ")
			require.NoError(t, scope.Reserve(child, 100_000))
			require.NoError(t, c.End())
			require.NoError(t, scope.Reserve(child, 1<<30), "what is late comes from the heap")
			require.NoError(t, s.End())
		})
	}
}

// TestFromThroughMeters: the buffer is found in every scope.
func TestFromThroughMeters(t *testing.T) {
	for kind, allocator := range metered {
		if kind == "heap" || kind == "unlocked" {
			continue
		}
		ctx := scope.WithAllocator(t.Context(), allocator(meter.NewLimit(nil, "request", 0)))
		want, ok := locked.From(ctx)
		require.True(t, ok, kind)
		opened, s := scope.Open(ctx)
		child, _ := scope.Open(opened)
		scopes := []context.Context{opened, child, scope.WithAllocator(child, meter.New(scope.AllocatorFrom(child)))}
		for _, ctx := range scopes {
			_ = scope.NoEscape(ctx, func(inner context.Context) error { scopes = append(scopes, inner); return nil })
		}
		for _, ctx := range scopes {
			got, ok := locked.From(ctx)
			require.True(t, ok, kind)
			require.Same(t, want, got)
		}
		require.NoError(t, s.End())
	}
}

// TestParentEndsWhatIsLost: when the end of a scope returns, everything within it has been
// released, also a child that the garbage collector is just finding.
func TestParentEndsWhatIsLost(t *testing.T) {
	scope.OnLeak(func(string) {})
	t.Cleanup(func() { scope.OnLeak(nil) })
	m := meter.New(locked.Share(bumper.NewSlabBuffer()))
	forget := func(ctx context.Context) {
		for range 20 {
			child, _ := scope.Open(ctx)
			scope.Make[byte](child, 100)
		}
		runtime.GC()
	}
	for range 200 {
		l := meter.NewLimit(nil, "request", 0)
		ctx := scope.WithAllocator(t.Context(), m.Within(l))
		_ = scope.NoEscape(ctx, func(ctx context.Context) error { forget(ctx); return nil })
		require.Equal(t, []int{0}, used(l))
		ctx, s := scope.Open(ctx)
		forget(ctx)
		require.NoError(t, s.End())
		require.Equal(t, []int{0}, used(l))
	}
}
