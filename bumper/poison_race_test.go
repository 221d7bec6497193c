//go:build race

package bumper_test

import (
	"context"
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// raceChild names, in the environment, the race that a process is to run into.
const raceChild = "ALLOCARRAYS_RACE_CHILD"

// races are releases of memory that a goroutine still uses, without having
// synchronised with whoever releases it: use begins that goroutine.
var races = map[string]func(ctx context.Context, use func(s []float64)){
	"Reset": func(_ context.Context, use func(s []float64)) {
		buf := bumper.NewSlabBuffer()
		use(scope.Make[float64](scope.WithAllocator(context.Background(), buf), 1000))
		_ = buf.Reset()
	},
	"Restore": func(_ context.Context, use func(s []float64)) {
		buf := bumper.NewAllocBuffer(1 << 20)
		cp := buf.Checkpoint()
		use(scope.Make[float64](scope.WithAllocator(context.Background(), buf), 1000))
		_ = buf.Restore(cp)
	},
	"NoEscape": func(ctx context.Context, use func(s []float64)) {
		ctx = scope.WithAllocator(ctx, bumper.NewAutoscalingBuffer())
		_ = scope.NoEscape(ctx, func(ctx context.Context) error { use(scope.Make[float64](ctx, 1000)); return nil })
	},
	"custom slab": func(ctx context.Context, use func(s []float64)) {
		ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer(bumper.SlabSize(100)))
		_ = scope.NoEscape(ctx, func(ctx context.Context) error { use(scope.Make[float64](ctx, 1000)); return nil })
	},
	"second custom slab": func(ctx context.Context, use func(s []float64)) {
		ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer(bumper.SlabSize(100)))
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[float64](ctx, 1000)
			use(scope.Make[float64](ctx, 1000))
			return nil
		})
	},
	"first byte of a slab": func(ctx context.Context, use func(s []float64)) {
		ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer(bumper.SlabSize(8192)))
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[float64](ctx, 1000)
			use(scope.Make[float64](ctx, 1000)[:1])
			_ = scope.Make[float64](ctx, 1000)
			return nil
		})
	},
	"region": func(ctx context.Context, use func(s []float64)) {
		ctx = locked.WithLockedBumper(ctx, bumper.NewSlabBuffer())
		_ = scope.NoEscape(ctx, func(ctx context.Context) error { use(scope.Make[float64](ctx, 1000)); return nil })
	},
}

// touch writes to the middle of s, or to one byte if s is short.
func touch(s []float64) {
	if len(s) > 500 {
		s[500]++
	} else {
		*(*byte)(unsafe.Pointer(&s[0]))++
	}
}

// TestRaceChild is what the processes run that TestReleaseRaces starts.
func TestRaceChild(t *testing.T) {
	race, ok := races[os.Getenv(raceChild)]
	if !ok {
		t.Skip("run by TestReleaseRaces")
	}
	done := make(chan bool)
	race(t.Context(), func(s []float64) {
		go func() { touch(s); close(done) }()
	})
	<-done // after the release: this orders nothing
}

// TestReleaseRaces: the race detector reports each use of memory that is not
// synchronised with its release, in each of 20 runs; without that it sees
// nothing, as the release is but a change of an offset.
func TestReleaseRaces(t *testing.T) {
	runs := 20
	if testing.Short() {
		runs = 3
	}
	for name := range races {
		t.Run(name, func(t *testing.T) {
			for range runs {
				cmd := testenv.Self("-test.run", "^TestRaceChild$")
				cmd.Env = append(os.Environ(), raceChild+"="+name, "ALLOCARRAYS_GUARD=off")
				out, err := cmd.CombinedOutput()
				require.Error(t, err, "%s", out)
				require.Contains(t, string(out), "WARNING: DATA RACE")
				require.Contains(t, string(out), "runtime.racewriterange()")
				require.Contains(t, string(out), "poison_race_test.go")
			}
		})
	}
}

// TestSynchronisedReleases: what is synchronised is no race.
func TestSynchronisedReleases(t *testing.T) {
	for name, race := range races {
		t.Run(name, func(t *testing.T) {
			race(t.Context(), func(s []float64) {
				done := make(chan bool)
				go func() { touch(s); close(done) }()
				<-done
			})
		})
	}
}
