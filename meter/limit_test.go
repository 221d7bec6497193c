package meter_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// tree is a process with a tenant and a request, of so many bytes each.
func tree(process, tenant, request int) (p, t, r *meter.Limit) {
	p = meter.NewLimit(nil, "process", process)
	t = meter.NewLimit(p, "tenant", tenant)
	return p, t, meter.NewLimit(t, "request", request)
}

// used returns what is charged to limits.
func used(limits ...*meter.Limit) (all []int) {
	for _, l := range limits {
		all = append(all, l.Stats().Used)
	}
	return all
}

// hold acquires storage of l and returns how to release it.
func hold(t *testing.T, l *meter.Limit, n int) (release func()) {
	t.Helper()
	s := meter.Source(l, bumper.GoHeap())
	mem, err := s.Acquire(n)
	require.NoError(t, err)
	return func() { s.Release(mem) }
}

func TestLimitsInATree(t *testing.T) {
	p, tenant, r := tree(10_000, 5_000, 0)
	require.Equal(t, p, tenant.Parent())
	require.Nil(t, p.Parent())
	other := meter.NewLimit(p, "other", 0)

	release := hold(t, r, 4_000)
	require.Equal(t, []int{4_000, 4_000, 4_000, 0}, used(r, tenant, p, other))
	_, err := meter.Source(r, bumper.GoHeap()).Acquire(1_001)
	require.EqualError(t, err, `limit "tenant" has 4000 of 5000 bytes in use`)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Same(t, tenant, meter.RefusedBy(err))

	releaseOther := hold(t, other, 6_000)
	_, err = meter.Source(r, bumper.GoHeap()).Acquire(1)
	require.Same(t, p, meter.RefusedBy(err))
	require.Equal(t, []int{4_000, 4_000, 10_000, 6_000}, used(r, tenant, p, other), "nothing has changed")

	release()
	require.Equal(t, []int{0, 0, 6_000, 6_000}, used(r, tenant, p, other))
	releaseOther()
	require.Equal(t, []int{0, 0, 0, 0}, used(r, tenant, p, other))
	stats := p.Stats()
	require.Equal(t, meter.LimitStats{Bytes: 10_000, Peak: stats.Peak, Refused: 1}, stats)
	require.GreaterOrEqual(t, stats.Peak, 10_000-64)
	require.LessOrEqual(t, stats.Peak, 10_000)
	require.Equal(t, `limit "tenant": 0 of 5000 bytes used, peak 4000, 1 refused`, tenant.String())
	require.Nil(t, meter.RefusedBy(scope.ErrExhausted))
	require.PanicsWithValue(t, `meter: NewLimit "x" of -1 bytes: negative`, func() { meter.NewLimit(nil, "x", -1) })
}

// TestHysteresis: a limit does not ask the one above for each charge; and what it has
// reserved beyond its need is in nobody's way.
func TestHysteresis(t *testing.T) {
	p := meter.NewLimit(nil, "process", 1<<20)
	a, b := meter.NewLimit(p, "a", 0), meter.NewLimit(p, "b", 0)
	var releases []func()
	asked, reserved := 0, 0
	count := func() {
		if now := meter.Reserved(p); now != reserved {
			asked, reserved = asked+1, now
		}
	}
	for range 100 {
		releases = append(releases, hold(t, a, 4<<10))
		count()
	}
	require.Less(t, asked, 25, "100 charges ask for a quarter more each time, at the most")
	require.Positive(t, meter.Slack(a))
	require.LessOrEqual(t, meter.Slack(a), 64<<10)

	// each byte that a does not use can be had by b
	rest := hold(t, b, 1<<20-400<<10)
	require.Zero(t, meter.Slack(a))
	_, err := meter.Source(b, bumper.GoHeap()).Acquire(1)
	require.Same(t, p, meter.RefusedBy(err))
	rest()

	// back and forth around a size, nothing is asked above
	asked = 0
	for range 100 {
		release := hold(t, a, 64)
		count()
		release()
		count()
	}
	require.LessOrEqual(t, asked, 2)
	for _, release := range releases {
		release()
	}
	require.Equal(t, []int{0, 0, 0}, used(p, a, b))
	require.Zero(t, meter.Slack(a))
	require.False(t, meter.HasChildren(p), "a limit that holds nothing can be collected")
}

// TestExactUnderConcurrency: at no time does a limit, or what is really held, exceed its
// bytes; what is refused did not fit; and nothing is left in the end.
func TestExactUnderConcurrency(t *testing.T) {
	const process, tenants, workers, most = 1 << 20, 4, 8, 200 << 10
	p := meter.NewLimit(nil, "process", process)
	var wg sync.WaitGroup
	refused := make([]int, workers)
	for i := range tenants {
		tenant := meter.NewLimit(p, "tenant", process/2)
		for w := range workers / tenants {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(i), uint64(w)))
				for range 500 {
					request := meter.NewLimit(tenant, "request", most)
					s := meter.Source(request, bumper.GoHeap())
					var held [][]byte
					for range rng.IntN(8) {
						n := 1 + rng.IntN(most/2)
						mem, err := s.Acquire(n)
						if err == nil {
							held = append(held, mem)
							continue
						}
						var e *meter.LimitError
						if !errorsAs(err, &e) || e.Requested <= e.Bytes-e.Used {
							panic(err)
						}
						refused[i*workers/tenants+w]++
					}
					if got := p.Stats().Used; got < 0 || got > process {
						panic(got)
					}
					for _, mem := range held {
						s.Release(mem)
					}
					if got := request.Stats().Used; got != 0 {
						panic(got)
					}
				}
			})
		}
	}
	wg.Wait()
	require.Equal(t, []int{0}, used(p))
	require.False(t, meter.HasChildren(p))
	require.NotZero(t, refused[0])
}

// TestSiblingsFromOneLevel: two limits that share what is left can each have all of it.
func TestSiblingsFromOneLevel(t *testing.T) {
	p := meter.NewLimit(nil, "process", 1<<20)
	for range 50 {
		var tenants []*meter.Limit
		var releases []func()
		for range 10 {
			tenant := meter.NewLimit(p, "tenant", 0)
			tenants = append(tenants, tenant)
			releases = append(releases, hold(t, meter.NewLimit(tenant, "request", 0), 80<<10))
		}
		rest := 1<<20 - p.Stats().Used
		releases = append(releases, hold(t, tenants[3], rest))
		for _, release := range releases {
			release()
		}
		require.Equal(t, []int{0}, used(p))
	}
}

// TestRefusalsAreCounted once for an allocation that failed, by the limit that refused it.
func TestRefusalsAreCounted(t *testing.T) {
	fails := func(a scope.Allocator) {
		_ = scope.NoEscape(scope.WithAllocator(t.Context(), a), func(ctx context.Context) error {
			scope.Make[byte](ctx, 5<<20)
			return nil
		})
	}
	for kind, allocator := range metered {
		p, tenant, r := tree(8<<20, 4<<20, 0)
		fails(allocator(r))
		require.Equal(t, []uint64{0, 1, 0}, []uint64{p.Stats().Refused, tenant.Stats().Refused, r.Stats().Refused}, kind)
	}
	_, tenant, r := tree(8<<20, 4<<20, 0)
	twice := meter.OnExhausted(func(r meter.Request) bool { return r.Attempt < 3 })
	fails(meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(r), twice))
	require.EqualValues(t, 1, tenant.Stats().Refused)
}

// TestBooksDoNotPanic, whatever a faulty program gives back.
func TestBooksDoNotPanic(t *testing.T) {
	p, tenant, r := tree(1<<20, 1<<20, 0)
	s := meter.Source(r, bumper.GoHeap())
	s.Release(make([]byte, 100_000)) // which it never acquired
	require.Equal(t, []int{-100_000}, used(r))
	mem, err := s.Acquire(100_000)
	require.NoError(t, err)
	require.Equal(t, []int{0}, used(r))
	s.Release(mem)
	s.Release(mem)
	require.NotPanics(t, func() { _ = used(p, tenant, r) })
}
