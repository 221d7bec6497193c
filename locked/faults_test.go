package locked_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// scenario uses the shared buffer and regions of it, nested and one after the other.
// It returns the first error; content and stamps are checked all the time.
func scenario(t *testing.T, shared *locked.Buffer) (first error) {
	ctx := scope.WithAllocator(context.Background(), shared)
	require.NoError(t, trial.Find(func() {
		l, owners := &trial.Ledger{}, 0
		alloc := func(ctx context.Context, owner int, sizes ...uintptr) {
			for _, size := range sizes {
				if _, err := l.Alloc(scope.AllocatorFrom(ctx).Alloc, owner, size, 8); err != nil && first == nil {
					first = err
				}
			}
		}
		var within func(ctx context.Context, depth int)
		within = func(ctx context.Context, depth int) {
			owners++
			owner := owners
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				alloc(ctx, owner, 100, 5000)
				for range 2 {
					if depth > 0 {
						within(ctx, depth-1)
					}
				}
				alloc(ctx, owner, 70_000, 100_000)
				return nil
			}))
			l.End(owner)
		}
		alloc(ctx, 0, 1000)
		within(ctx, 2)
		alloc(ctx, 0, 1000)
		require.NoError(t, shared.Reset())
		l.End(0)
	}))
	require.Zero(t, shared.Stats().Open)
	return first
}

// TestFaults counts the acquisitions of the scenario, and then fails each in turn.
func TestFaults(t *testing.T) {
	for kind, make := range map[string]func(src bumper.Source) bumper.Buffer{
		"alloc": func(src bumper.Source) bumper.Buffer { return bumper.NewAllocBuffer(8<<20, bumper.From(src)) },
		"slab": func(src bumper.Source) bumper.Buffer {
			return bumper.NewSlabBuffer(bumper.SlabSize(70_000), bumper.From(src))
		},
		"autoscaling": func(src bumper.Source) bumper.Buffer {
			return bumper.NewAutoscalingBuffer(bumper.Initial(1000), bumper.From(src))
		},
	} {
		t.Run(kind, func(t *testing.T) {
			right := &trial.Source{}
			require.NoError(t, scenario(t, locked.Share(make(right))))
			require.Positive(t, right.Acquired)
			for n := 1; n <= right.Acquired; n++ {
				for _, to := range []int{n + 1, 0} {
					src := &trial.Source{FailFrom: n, FailTo: to}
					shared := locked.Share(make(src))
					err := scenario(t, shared)
					if to == 0 || err != nil {
						require.ErrorIs(t, err, scope.ErrExhausted)
						require.ErrorIs(t, err, trial.ErrSource)
					}
					src.FailFrom = 0
					require.NoError(t, scenario(t, shared), "after the fault")
					require.NoError(t, src.Err)
				}
			}
		})
	}
}

// A source that panics leaves no lock behind.
func TestSourcePanics(t *testing.T) {
	src := &panicking{panics: true}
	shared := locked.Share(bumper.NewSlabBuffer(bumper.From(src)))
	ctx := scope.WithAllocator(context.Background(), shared)
	for range 3 {
		require.PanicsWithError(t, "the source panics", func() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error { _ = scope.Make[byte](ctx, 10); return nil })
		})
		require.PanicsWithError(t, "the source panics", func() { _ = scope.Make[byte](ctx, 10) })
	}
	src.panics = false
	require.NoError(t, scenario(t, shared))
}

type panicking struct {
	trial.Source
	panics bool
}

func (s *panicking) Acquire(size int) ([]byte, error) {
	if s.panics {
		panic(errors.New("the source panics"))
	}
	return s.Source.Acquire(size)
}

// skewed is a third party's buffer that does not align what it hands out, or hands out less.
type skewed struct {
	*page
	skip, lose int
}

func (s skewed) Alloc(size, align uintptr) (memory.Block, error) {
	b, err := s.page.Alloc(size+uintptr(s.skip), align)
	if err != nil {
		return b, err
	}
	mem := b.Bytes()
	return memory.NewBlock(mem[s.skip:len(mem)-s.lose], b.Stamp), nil
}

func TestLenderBreaksItsContract(t *testing.T) {
	for _, buf := range []bumper.Buffer{
		&skewed{newPage(1 << 20), 8, 0}, &skewed{newPage(1 << 20), 0, 1},
	} {
		err := scope.NoEscape(locked.WithLockedBumper(t.Context(), buf), func(ctx context.Context) error {
			_, _, err := scope.Alloc[byte](ctx, 1000)
			return err
		})
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.ErrorContains(t, err, "locked: *locked_test.skewed broke its contract: ")
	}
}
