package trial_test

import (
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestSource checks the records of the source that the tests of buffers rely on.
func TestSource(t *testing.T) {
	s := &trial.Source{FailFrom: 2, FailTo: 3, Extra: 1}
	a, err := s.Acquire(100)
	require.NoError(t, err)
	require.Len(t, a, 101)
	require.True(t, s.Holds(a[50:51]))
	require.False(t, s.Holds(make([]byte, 10)))
	_, err = s.Acquire(100)
	require.ErrorIs(t, err, trial.ErrSource)
	b, err := s.Acquire(10)
	require.NoError(t, err)
	held, pieces := s.Held()
	require.Equal(t, []int{112, 2, 1}, []int{held, pieces, s.Refused})
	s.Release(b)
	require.NoError(t, s.Err)
	s.Release(a[:50])
	require.Error(t, s.Err, "released less than was acquired")

	_, err = s.Acquire(0)
	require.ErrorIs(t, err, trial.ErrSource)
	require.ErrorIs(t, s.Err, trial.ErrRequest)
}

// TestProgramsDiffer guards against a generator that always gives the same.
func TestProgramsDiffer(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	require.NotEqual(t, trial.Random(rng), trial.Random(rng))
}

func TestPrograms(t *testing.T) {
	t.Setenv("ALLOCARRAYS_PROGRAMS", "7")
	require.Equal(t, 7, trial.Programs(1000))
	t.Setenv("ALLOCARRAYS_PROGRAMS", "many")
	require.PanicsWithValue(t, `scopetest: ALLOCARRAYS_PROGRAMS="many" is no positive number`, func() { trial.Programs(1) })
}

// TestShrink: of a hundred numbers, the two that matter remain, as small as they may be.
func TestShrink(t *testing.T) {
	simpler := func(n uintptr) iter.Seq[[]uintptr] {
		return func(yield func([]uintptr) bool) {
			for less := range trial.Smaller(n) {
				if !yield([]uintptr{less}) {
					return
				}
			}
		}
	}
	var program []uintptr
	for n := range uintptr(100) {
		program = append(program, n*1000)
	}
	fails := func(p []uintptr) bool {
		first := slices.IndexFunc(p, func(n uintptr) bool { return n > 3456 })
		return first >= 0 && slices.ContainsFunc(p[first+1:], func(n uintptr) bool { return n > 70_000 })
	}
	require.Equal(t, []uintptr{3457, 70_001}, trial.Shrink(program, simpler, fails))
}

// TestSmallerIsSane: nothing is tried that a machine might try to supply, with an
// absurd size on the way down.
func TestSmallerIsSane(t *testing.T) {
	for n := range trial.Smaller(^uintptr(0) >> 1) {
		require.Less(t, n, uintptr(1<<20))
	}
	for n := range trial.Smaller(100) {
		require.Less(t, n, uintptr(100))
	}
}

// TestFind: a panic that no check expects is a violation, and tells where it began.
func TestFind(t *testing.T) {
	require.NoError(t, trial.Find(func() {}))
	err := trial.Find(func() { panics(nil) })
	var v *trial.Violation
	require.True(t, errors.As(err, &v))
	require.Equal(t, trial.Panics, v.Rule)
	require.Contains(t, err.Error(), "trial_test.go:")
	require.Contains(t, err.Error(), "trial_test.panics")
}

func panics(s []int) { s[0] = 1 }

// TestRunProgram: what is available must be, if exactness is asked for.
func TestRunProgram(t *testing.T) {
	new := func() bumper.Buffer { return generous{bumper.NewAllocBuffer(1000)} }
	program := []byte{0, 127, 0, 0, 200, 232, 0} // 1 byte, then 232 that are refused
	require.NoError(t, trial.RunProgram(new, false, program))
	rng := rand.New(rand.NewPCG(1, 1))
	var err error
	for i := 0; i < 100 && err == nil; i++ {
		err = trial.RunProgram(new, true, trial.Random(rng))
	}
	require.ErrorContains(t, err, "exhausted: ")
}

// generous says that there is more than there is.
type generous struct{ *bumper.AllocBuffer }

func (g generous) Alloc(size, align uintptr) (memory.Block, error) {
	b, err := g.AllocBuffer.Alloc(size, align)
	var e *scope.ExhaustedError
	if errors.As(err, &e) {
		e.Available += 64
	}
	return b, err
}
