package bumper_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
)

// A setting is what a program is run with: awkward sizes are chosen so that slabs
// and pieces end in the middle of things.
type setting struct {
	limit int // 0: none
	slab  int
	extra int // what the source gives beyond what is asked for
}

func (s setting) String() string {
	return fmt.Sprintf("limit %d, slab %d, extra %d", s.limit, s.slab, s.extra)
}

// makers returns constructors of every kind of buffer with s, which take their
// storage from src.
func (s setting) makers() map[string]func(src bumper.Source) bumper.Buffer {
	slab := []bumper.SlabOption{bumper.SlabSize(s.slab)}
	auto := []bumper.AutoscalingOption{bumper.Initial(s.slab)}
	if s.limit > 0 {
		slab, auto = append(slab, bumper.Limit(s.limit)), append(auto, bumper.Limit(s.limit))
	}
	makers := map[string]func(bumper.Source) bumper.Buffer{
		"alloc": func(src bumper.Source) bumper.Buffer {
			return bumper.NewAllocBuffer(1+s.limit, bumper.From(src))
		},
		"storage": func(bumper.Source) bumper.Buffer {
			return bumper.NewAllocBufferOn(make([]byte, 128+s.limit)[s.extra%64:])
		},
		"slab": func(src bumper.Source) bumper.Buffer {
			return bumper.NewSlabBuffer(append(slab, bumper.From(src))...)
		},
		"autoscaling": func(src bumper.Source) bumper.Buffer {
			return bumper.NewAutoscalingBuffer(append(auto, bumper.From(src))...)
		},
	}
	if s.limit == 0 {
		makers["isolating"] = func(bumper.Source) bumper.Buffer {
			return bumper.NewSlabBuffer(append(slab, bumper.Isolating())...)
		}
	}
	return makers
}

// run runs program over every kind of buffer, and checks the books of the source.
func (s setting) run(t *testing.T, program []byte) {
	for kind, make := range s.makers() {
		sources := map[bumper.Buffer]*trial.Source{}
		err := trial.RunProgram(func() bumper.Buffer {
			src := &trial.Source{Extra: s.extra}
			buf := make(src)
			sources[buf] = src
			return buf
		}, s.extra == 0, program)
		require.NoError(t, err, "%s, %v, program %q", kind, s, program)
		for buf, src := range sources {
			require.NoError(t, src.Err, "%s, %v, program %q", kind, s, program)
			if _, fixed := buf.(*bumper.AllocBuffer); !fixed && kind != "isolating" {
				held, pieces := src.Held()
				require.Equal(t, buf.Stats().Capacity, held, "%s, %v, program %q", kind, s, program)
				require.Equal(t, buf.Stats().Slabs, pieces, "%s, %v, program %q", kind, s, program)
			}
		}
	}
}

// FuzzProgram compares every buffer with plain make while it runs a program.
func FuzzProgram(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 20 {
		f.Add(uint16(i*1000), uint16(i*i*7), byte(i), trial.Random(rng))
	}
	f.Fuzz(func(t *testing.T, limit, slab uint16, extra byte, program []byte) {
		if len(program) > 400 {
			t.Skip("longer programs find nothing that shorter ones do not")
		}
		setting{int(limit), 1 + int(slab)%10_000, int(extra)}.run(t, program)
	})
}

// TestPrograms runs random programs, the same ones each time.
func TestPrograms(t *testing.T) {
	for seed := range trial.Programs(2000) {
		rng := rand.New(rand.NewPCG(uint64(seed), 5))
		s := setting{limit: rng.IntN(2) * rng.IntN(40_000), slab: 1 + rng.IntN(1+seed%10_000), extra: rng.IntN(3) * 37}
		s.run(t, trial.Random(rng))
	}
}
