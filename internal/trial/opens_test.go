package trial_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// restorable is a checkpointer that is no buffer of package bumper.
type restorable struct{ memory.Checkpointer }

// TestOpens runs random programs of scopes that open and end, some never, over every kind
// of allocator.
func TestOpens(t *testing.T) {
	scope.OnLeak(func(string) {})
	defer scope.OnLeak(nil)
	for seed := range trial.Programs(1000) {
		rng := rand.New(rand.NewPCG(uint64(seed), 9))
		limit, code := 1+rng.IntN(200_000), trial.Random(rng)
		for name, a := range map[string]scope.Allocator{
			"heap":        scope.Heap(),
			"alloc":       bumper.NewAllocBuffer(limit),
			"slab":        bumper.NewSlabBuffer(bumper.SlabSize(2000)),
			"autoscaling": bumper.NewAutoscalingBuffer(bumper.Initial(100)),
			"isolating":   bumper.NewSlabBuffer(bumper.Isolating()),
			"fallback":    meter.New(bumper.NewAllocBuffer(limit), meter.Fallback()),
			"third party": restorable{bumper.NewSlabBuffer()},
			"locked":      locked.Share(bumper.NewSlabBuffer()),
			"locked/full": meter.New(locked.Share(bumper.NewAllocBuffer(limit)), meter.Fallback()),
		} {
			leaks := 0
			if seed%20 == 0 && name != "third party" {
				leaks = 5
			}
			require.NoError(t, trial.RunOpens(a, leaks, code), "%s, limit %d, seed %d", name, limit, seed)
			if s, ok := a.(*locked.Buffer); ok {
				require.Zero(t, s.Stats().Open)
				require.NoError(t, s.Reset())
				require.Zero(t, s.Stats().Used)
			}
			if b, ok := a.(bumper.Buffer); ok {
				require.NoError(t, b.Reset())
			}
		}
	}
}
