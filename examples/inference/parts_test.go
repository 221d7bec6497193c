package main

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

func TestHistogram(t *testing.T) {
	var h, other histogram
	require.Zero(t, h.quantile(0.5))
	for us := 1; us <= 1000; us++ {
		h.add(time.Duration(us) * time.Microsecond)
	}
	other.add(10 * time.Second)
	for _, q := range []float64{0.01, 0.5, 0.99} {
		require.InEpsilon(t, float64(time.Duration(q*1000)*time.Microsecond), float64(h.quantile(q)), 0.011, "quantile %v", q)
	}
	h.merge(&other)
	require.EqualValues(t, 1001, h.count())
	require.InEpsilon(t, float64(10*time.Second), float64(h.quantile(1)), 0.011)
	h.add(0)         // shorter than the first bucket
	h.add(time.Hour) // longer than the last
	require.EqualValues(t, 1003, h.count())
}

func TestGateLetsNobodyWorkWhenClosed(t *testing.T) {
	var g gate
	var steps atomic.Int64
	var team sync.WaitGroup
	for range 4 {
		team.Go(func() {
			_ = g.work(func() error { steps.Add(1); return nil })
		})
	}
	for range 20 {
		before := steps.Load()
		g.open(func(int) bool { return steps.Load() < before+100 })
		g.close()
		closed := steps.Load()
		require.Greater(t, closed, before)
		time.Sleep(time.Millisecond)
		require.Equal(t, closed, steps.Load())
	}
	g.finish()
	team.Wait()
}

func TestGateEndsWithTheFirstError(t *testing.T) {
	var g gate
	broken := errors.New("broken")
	var team sync.WaitGroup
	var got [3]error
	for i := range got {
		team.Go(func() {
			got[i] = g.work(func() error {
				if i == 1 {
					return broken
				}
				return nil
			})
		})
	}
	g.open(func(int) bool { return true }) // returns because the gate is finished
	g.close()
	team.Wait()
	require.Equal(t, [3]error{nil, broken, nil}, got)
}

// TestGateIsFair: with one processor and many workers, a fair gate gives each its first
// step after few steps of the others.
func TestGateIsFair(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const workers = 50
	var g gate
	g.fair.Store(true)
	var steps atomic.Int64
	var team sync.WaitGroup
	for range workers {
		team.Go(func() {
			_ = g.work(func() error {
				for begin := time.Now(); time.Since(begin) < 100*time.Microsecond; { // a hundred of them in a turn of the runtime's
				}
				steps.Add(1)
				return nil
			})
		})
	}
	var most int64
	g.open(func(worked int) bool { most = steps.Load(); return worked < workers })
	g.close()
	g.finish()
	team.Wait()
	require.Less(t, most, int64(20*workers))
}

func TestWorkerSeesWrongPredictions(t *testing.T) {
	o := options{}
	model, err := o.loadModel(t.Context())
	require.NoError(t, err)
	set, err := o.loadSamples(t.Context())
	require.NoError(t, err)
	all := batches(t.Context(), model, set, 10)
	require.Len(t, all, 100)
	all[1].want[3].Probability /= 2
	b := &bench{model: model, batches: all, workers: 1}
	w := b.newWorker(0)
	var g gate
	done := make(chan error)
	go func() { done <- w.run(t.Context(), &g) }()
	g.open(func(int) bool { return true })
	require.ErrorIs(t, <-done, errDifferent)
}

func TestTally(t *testing.T) {
	p := func(d int) mlp.Prediction { return mlp.Prediction{Digit: d} }
	tally := newTally([]byte{3, 3, 3, 3, 5}, []mlp.Prediction{p(3), p(8), p(8), p(2), p(5)})
	require.Equal(t, 4, tally.images(3))
	require.Equal(t, "8 (2 times)", tally.mistake(3))
	require.Equal(t, "-", tally.mistake(5))
	require.InDelta(t, 0.4, tally.accuracy(), 1e-12)
}

func TestGrouped(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999.4: "999", 1000: "1,000", 1234567.8: "1,234,568"} {
		require.Equal(t, want, grouped(v))
	}
}

func TestImportsOf(t *testing.T) {
	imports, err := importsOf(mlp.Source)
	require.NoError(t, err)
	require.Contains(t, imports, "context")
	require.Contains(t, imports, "github.com/allocarrays/allocarrays-go/nn")
	require.NotContains(t, imports, "github.com/stretchr/testify/require", "tests are left out")

	imports, err = importsOf(fstest.MapFS{
		"a.go": {Data: []byte("package a\nimport b \"x/bumper\"\nimport \"fmt\"\n")},
		"b.go": {Data: []byte("package a\nimport \"fmt\"\n")},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"fmt", "x/bumper"}, imports)
	_, err = importsOf(fstest.MapFS{"a.go": {Data: []byte("no Go")}})
	require.Error(t, err)
}
