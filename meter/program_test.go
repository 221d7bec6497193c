package meter_test

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

// TestPrograms runs random programs of scopes that open and end, some never, within a limit
// around every kind of allocator: no live byte changes, and in the end nothing is charged.
func TestPrograms(t *testing.T) {
	scope.OnLeak(func(string) {})
	defer scope.OnLeak(nil)
	for seed := range trial.Programs(300) {
		rng := rand.New(rand.NewPCG(uint64(seed), 10))
		limit, code := 1+rng.IntN(200_000), trial.Random(rng)
		for kind, allocator := range metered {
			p, tenant, r := tree(limit, 0, 0)
			a := allocator(r)
			leaks := 0
			if seed%20 == 0 {
				leaks = 5
			}
			require.NoError(t, trial.RunOpens(a, leaks, code), "%s, limit %d, seed %d", kind, limit, seed)
			require.LessOrEqual(t, p.Stats().Peak, limit)
			if shared, ok := memory.As[*locked.Buffer](a); ok {
				require.Zero(t, shared.Stats().Open)
				require.NoError(t, shared.Reset())
				require.Zero(t, shared.Stats().Used)
			} else if buf, ok := memory.As[bumper.Buffer](a); ok {
				require.NoError(t, buf.Reset())
			} else {
				continue // what is allocated outside every scope of the heap stays
			}
			require.Equal(t, []int{0, 0, 0}, used(p, tenant, r), "%s, limit %d, seed %d", kind, limit, seed)
			require.False(t, meter.HasChildren(p))
		}
	}
}
