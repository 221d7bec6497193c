package locked_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
)

// runRegions runs program over every kind of buffer that may hold limit bytes.
func runRegions(t *testing.T, limit int, program []byte) {
	src := &trial.Source{}
	for name, buf := range map[string]bumper.Buffer{
		"alloc":       bumper.NewAllocBuffer(1+limit, bumper.From(src)),
		"slab":        bumper.NewSlabBuffer(bumper.From(src)),
		"slab/limit":  bumper.NewSlabBuffer(bumper.SlabSize(2000), bumper.Limit(1+limit), bumper.From(src)),
		"autoscaling": bumper.NewAutoscalingBuffer(bumper.Initial(100), bumper.From(src)),
	} {
		shared := locked.Share(buf)
		counts := func() trial.Counts {
			s := shared.Stats()
			return trial.Counts{Open: s.Open, Late: s.Late}
		}
		require.NoError(t, trial.RunRegions(shared, counts, program), "%s, limit %d, program %q", name, limit, program)
		s := shared.Stats()
		require.Zero(t, s.Open)
		require.Zero(t, s.Used)
	}
	require.NoError(t, src.Err)
}

// FuzzRegions compares regions that are open at the same time with plain make.
func FuzzRegions(f *testing.F) {
	rng := rand.New(rand.NewPCG(6, 7))
	for i := range 20 {
		f.Add(uint16(i*3000), trial.Random(rng))
	}
	f.Fuzz(func(t *testing.T, limit uint16, program []byte) {
		if len(program) > 400 {
			t.Skip("longer programs find nothing that shorter ones do not")
		}
		runRegions(t, int(limit)*8, program)
	})
}

// TestRegions runs random programs, the same ones each time.
func TestRegions(t *testing.T) {
	for seed := range trial.Programs(1000) {
		rng := rand.New(rand.NewPCG(uint64(seed), 8))
		runRegions(t, rng.IntN(500_000), trial.Random(rng))
	}
}
