package replay_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

// totals say what the runs of TestBits were.
type totals struct{ runs, replays, diverged atomic.Uint64 }

func (s *totals) add(p *replay.Plans) {
	for _, known := range p.Scopes() {
		s.runs.Add(known.Runs)
		s.replays.Add(known.Replays)
		s.diverged.Add(known.Diverged)
	}
}

// calcSubject is an allocator that programs run on, and whether goroutines share it.
type calcSubject struct {
	name   string
	a      scope.Allocator
	shared bool
	plans  *replay.Plans
}

func calcSubjects(rng *rand.Rand) []calcSubject {
	own, regions := new(replay.Plans), new(replay.Plans)
	slab := replay.Slab(1 + rng.IntN(40_000))
	return []calcSubject{
		{"bump", bumper.NewSlabBuffer(bumper.SlabSize(1 << 14)), false, nil},
		{"replay", replay.New(slab, replay.With(own)), false, own},
		{"locked", locked.Share(replay.New(slab)), true, nil},
		{"regions", locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(1<<14)), locked.Regions(replay.Regions(regions))), true, regions},
	}
}

// TestBits runs random programs of arrays, with branches, views, moves, releases, what
// escapes by copy, panics and goroutines, on the Go heap, on a bump buffer, on replay and in
// replayed regions; and again after they have changed, so that recordings are followed and
// are not. What they compute is the same to the bit. What is released is overwritten.
//
// ALLOCARRAYS_PROGRAMS says how many programs; see docs/planning.md.
func TestBits(t *testing.T) {
	var all totals
	for seed := range trial.Programs(300) {
		err := recovered(func() error { return bitsOf(t.Context(), uint64(seed), &all) })
		require.NoError(t, err, "program %d", seed)
	}
	t.Logf("%d scopes were replayed, %d to the end, %d diverged", all.runs.Load(), all.replays.Load(), all.diverged.Load())
	require.Greater(t, all.replays.Load(), all.runs.Load()/10)
	require.Greater(t, all.diverged.Load(), all.runs.Load()/10)
}

// bitsOf compares one program and its variations on all allocators.
func bitsOf(ctx context.Context, seed uint64, all *totals) error {
	rng := rand.New(rand.NewPCG(seed, 0x62697473))
	first := calcProgram(rng, 6+rng.IntN(14), 3)
	versions := [][]calcOp{first, varyCalc(rng, first, 4+rng.IntN(20)), varyCalc(rng, first, 2+rng.IntN(8))}
	var want [3]uint64
	for v, p := range versions {
		want[v] = calculate(ctx, p, false)
	}
	for _, s := range calcSubjects(rng) {
		on := scope.WithAllocator(ctx, s.a)
		for round, v := range []int{0, 0, 1, 0, 2, 1, 1} {
			if got := calculate(on, versions[v], s.shared); got != want[v] {
				return fmt.Errorf("%s computes %x in round %d, where the heap computes %x", s.name, got, round, want[v])
			}
		}
		if s.plans != nil {
			all.add(s.plans)
		}
	}
	return nil
}

// calculate runs a program in a scope and returns a digest of all that it computes.
func calculate(ctx context.Context, p []calcOp, shared bool) (digest uint64) {
	c := &calculator{ctx: ctx, shared: shared}
	c.inScope(calcOp{kind: calcScope, body: p})
	return c.digest
}

// mix adds a word to a digest.
func (c *calculator) mix(w uint64) {
	c.digest = (c.digest ^ w) * 0x9e3779b97f4a7c15
	c.digest ^= c.digest >> 29
}

func (c *calculator) see(v *variable) {
	for i := range v.Dim(0) {
		row := v.Index(0, i)
		for k := range row.Len() {
			c.mix(uint64(math.Float32bits(row.At(k))))
		}
	}
}
