package bumper_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
)

// onSource are the kinds of buffers, standing on a source.
var onSource = map[string]func(src bumper.Source) bumper.Buffer{
	"alloc": func(src bumper.Source) bumper.Buffer { return bumper.NewAllocBuffer(400_000, bumper.From(src)) },
	"alloc/prompt": func(src bumper.Source) bumper.Buffer {
		return bumper.NewAllocBuffer(400_000, bumper.From(src), bumper.Prompt())
	},
	"slab": func(src bumper.Source) bumper.Buffer {
		return bumper.NewSlabBuffer(bumper.SlabSize(8192), bumper.From(src))
	},
	"slab/prompt": func(src bumper.Source) bumper.Buffer {
		return bumper.NewSlabBuffer(bumper.SlabSize(8192), bumper.From(src), bumper.Prompt())
	},
	"autoscaling": func(src bumper.Source) bumper.Buffer {
		return bumper.NewAutoscalingBuffer(bumper.Initial(1000), bumper.From(src))
	},
	"autoscaling/prompt": func(src bumper.Source) bumper.Buffer {
		return bumper.NewAutoscalingBuffer(bumper.Initial(1000), bumper.From(src), bumper.Prompt())
	},
}

// scenario uses buf in many ways, checking all content all the time, and returns
// the errors of the allocations that were refused.
func scenario(t *testing.T, buf bumper.Buffer) (refused []error) {
	require.NoError(t, trial.Find(func() {
		var l trial.Ledger
		alloc := func(owner int, sizes ...uintptr) {
			for _, size := range sizes {
				before := buf.Stats()
				_, err := l.Alloc(buf.Alloc, owner, size, 8)
				if err == nil {
					continue
				}
				refused = append(refused, err)
				require.Equal(t, before.Used, buf.Stats().Used)
				require.Equal(t, before.Allocations, buf.Stats().Allocations)
			}
		}
		for range 3 {
			alloc(0, 10, 3000, 9000)
			outer := buf.Checkpoint()
			alloc(1, 500, 5000, 20_000, 8000)
			for owner := range 2 {
				inner := buf.Checkpoint()
				alloc(2+owner, 8192, 100, 30_000)
				require.NoError(t, buf.Restore(inner))
				l.End(2 + owner)
			}
			alloc(1, 64, 12_000)
			require.NoError(t, buf.Restore(outer))
			l.End(1)
			alloc(0, 1000)
			require.NoError(t, buf.Reset())
			l.End(0)
		}
	}))
	return refused
}

// TestFaults counts the acquisitions of the scenario, and then fails each in turn,
// alone and with all that follow.
func TestFaults(t *testing.T) {
	for name, make := range onSource {
		t.Run(name, func(t *testing.T) {
			right := &trial.Source{}
			require.Empty(t, scenario(t, make(right)))
			require.NoError(t, right.Err)
			require.Positive(t, right.Acquired)
			for n := 1; n <= right.Acquired; n++ {
				for _, to := range []int{n + 1, n + 2, n + 3, 0} {
					src := &trial.Source{FailFrom: n, FailTo: to}
					buf := make(src)
					refused := scenario(t, buf)
					require.True(t, len(refused) > 0 || to != 0, "every acquisition from the %d-th on fails", n)
					requireFaults(t, refused)
					src.FailFrom = 0
					require.Empty(t, scenario(t, buf), "after the fault")
					require.NoError(t, src.Err)
				}
			}
		})
	}
}

func requireFaults(t *testing.T, refused []error) {
	for _, err := range refused {
		var e *scope.ExhaustedError
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.ErrorIs(t, err, trial.ErrSource)
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, e.Cause, trial.ErrSource)
		require.ErrorContains(t, err, "acquisition")
	}
}

// lying is a source that breaks its contract.
type lying struct{ short, shift int }

func (s lying) Acquire(size int) ([]byte, error) {
	b, err := scope.Heap().Alloc(uintptr(size+64), 64)
	return b.Bytes()[s.shift : s.shift+size-s.short], err
}

func (lying) Release([]byte) {}

func TestLyingSource(t *testing.T) {
	for name, make := range onSource {
		t.Run(name, func(t *testing.T) {
			for _, src := range []lying{{short: 1}, {shift: 1}, {shift: 32}} {
				_, err := make(src).Alloc(100, 8)
				require.ErrorIs(t, err, scope.ErrExhausted)
				require.ErrorContains(t, err, "bumper_test.lying broke its contract")
			}
		})
	}
}

// TestSourcePanics: a source may panic, as anything may that a user writes. The
// buffer must be as it was.
func TestSourcePanics(t *testing.T) {
	for name, make := range onSource {
		t.Run(name, func(t *testing.T) {
			src := &panicking{}
			buf := make(src)
			require.PanicsWithError(t, "the source panics", func() { _, _ = buf.Alloc(10, 1) })
			src.calm = true
			require.Empty(t, scenario(t, buf))
		})
	}
}

type panicking struct {
	trial.Source
	calm bool
}

func (s *panicking) Acquire(size int) ([]byte, error) {
	if !s.calm {
		panic(errors.New("the source panics"))
	}
	return s.Source.Acquire(size)
}
