package measure_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
)

// fake is a candidate whose operations take a fixed time, and which notes its turns.
func fake(name string, per time.Duration, log *[]string) measure.Candidate {
	return measure.Candidate{Name: name, Run: func(_ context.Context, n int) (measure.Sample, error) {
		*log = append(*log, name)
		return measure.Sample{Ops: n, Time: time.Duration(n) * per}, nil
	}}
}

func TestRoundsInterleaveAndRotate(t *testing.T) {
	var log []string
	cands := []measure.Candidate{
		fake("a", time.Millisecond, &log), fake("b", time.Millisecond, &log), fake("c", time.Millisecond, &log),
	}
	rounds := 0
	results, err := measure.Rounds(context.Background(), cands, measure.Options{
		Rounds: 4, Target: time.Millisecond, Progress: func() { rounds++ },
	})
	require.NoError(t, err)
	require.Equal(t, 4, rounds)
	turns := log[len(log)-12:] // before that, the calibration
	require.Equal(t, []string{"a", "b", "c", "b", "c", "a", "c", "a", "b", "a", "b", "c"}, turns)
	for i, r := range results {
		require.Equal(t, cands[i].Name, r.Name)
		require.Len(t, r.Samples, 4)
	}
}

func TestRoundsFindTheNumberOfOperations(t *testing.T) {
	var log []string
	for _, per := range []time.Duration{time.Nanosecond, time.Microsecond, 40 * time.Millisecond} {
		results, err := measure.Rounds(context.Background(), []measure.Candidate{fake("a", per, &log)},
			measure.Options{Rounds: 1, Target: 8 * time.Millisecond})
		require.NoError(t, err)
		want := max(1, int(8*time.Millisecond/per))
		require.InDelta(t, want, results[0].Samples[0].Ops, float64(want)/100)
	}
}

func TestCalibrationSurvivesAHiccup(t *testing.T) {
	for _, hiccup := range []time.Duration{15 * time.Millisecond, time.Second} {
		for at := 1; at < 5; at++ {
			runs := 0
			c := measure.Candidate{Name: "a", Run: func(_ context.Context, n int) (measure.Sample, error) {
				runs++
				s := measure.Sample{Ops: n, Time: time.Duration(n) * time.Microsecond}
				if runs == at {
					s.Time += hiccup // the machine stood still
				}
				return s, nil
			}}
			results, err := measure.Rounds(context.Background(), []measure.Candidate{c}, measure.Options{Rounds: 1, Target: 8 * time.Millisecond})
			require.NoError(t, err)
			require.InDelta(t, 8000, results[0].Samples[0].Ops, 100, "%v in run %d", hiccup, at)
		}
	}
}

func TestRoundsLeaveOutWhatFails(t *testing.T) {
	var log []string
	runs, failure := 0, errors.New("broken")
	bad := measure.Candidate{Name: "bad", Run: func(_ context.Context, n int) (measure.Sample, error) {
		if runs++; runs > 4 {
			return measure.Sample{}, failure
		}
		return measure.Sample{Ops: n, Time: time.Second}, nil
	}}
	results, err := measure.Rounds(context.Background(), []measure.Candidate{bad, fake("good", time.Millisecond, &log)},
		measure.Options{Rounds: 6, Target: time.Millisecond})
	require.NoError(t, err)
	require.ErrorIs(t, results[0].Err, failure)
	require.Empty(t, results[0].Samples)
	require.Len(t, results[1].Samples, 6)
}

func TestRoundsKeepCompleteRoundsWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var log []string
	last := fake("last", time.Millisecond, &log)
	runs := 0
	stopper := measure.Candidate{Name: "stopper", Run: func(ctx context.Context, n int) (measure.Sample, error) {
		if runs++; runs == 6 { // one to three runs to calibrate, then the rounds
			cancel()
		}
		return last.Run(ctx, n)
	}}
	results, err := measure.Rounds(ctx, []measure.Candidate{last, stopper}, measure.Options{Rounds: 100, Target: time.Millisecond})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, len(results[0].Samples), len(results[1].Samples))
	require.NotEmpty(t, results[0].Samples)
	require.Less(t, len(results[0].Samples), 10)
}

func TestTimeCountsAllocations(t *testing.T) {
	var sink []byte
	s := measure.Time(1000, func(n int) {
		for range n {
			sink = make([]byte, 4096)
		}
	})
	require.NotNil(t, sink)
	require.Equal(t, 1000, s.Ops)
	require.Positive(t, s.Time)
	require.InDelta(t, 1000, s.Allocs, 100)
	require.InDelta(t, 4096*1000, s.Bytes, 4096*100)
}

func TestRoundsEndDuringCalibration(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var log []string
	cands := []measure.Candidate{fake("a", time.Millisecond, &log), fake("b", time.Millisecond, &log)}
	results, err := measure.Rounds(ctx, cands, measure.Options{Rounds: 3, Target: time.Millisecond})
	require.ErrorIs(t, err, context.Canceled)
	for _, r := range results {
		require.NoError(t, r.Err, "it is not the candidate that failed")
		require.Empty(t, r.Samples)
	}
}

func TestShortRunsGrow(t *testing.T) {
	runs := 0
	c := measure.Candidate{Name: "a", Run: func(_ context.Context, n int) (measure.Sample, error) {
		runs++
		s := measure.Sample{Ops: n, Time: time.Duration(n) * time.Microsecond}
		if runs <= 3 {
			s.Time += 8 * time.Millisecond // slow only while the number is sought
		}
		return s, nil
	}}
	results, err := measure.Rounds(context.Background(), []measure.Candidate{c}, measure.Options{Rounds: 16, Target: 8 * time.Millisecond})
	require.NoError(t, err)
	last := results[0].Samples[3]
	require.GreaterOrEqual(t, last.Time, 4*time.Millisecond)
}
