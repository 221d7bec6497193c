// Package cases has the comparisons themselves.
package cases

import (
	"context"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

// A Case is one comparison. run may return a record together with the error of a
// context that ended: it then holds what was measured before.
type Case struct {
	Name, Title string
	run         func(ctx context.Context, e *Env) (record.Case, error)

	// Kernels is set if the matrix kernels decide: the case is then of interest with
	// each set of them that the machine can run.
	Kernels bool
}

// All returns the cases in the order in which they are run and reported.
func All() []Case {
	return []Case{mlpCase, gemmCase, matmulCase, cnnCase, layersCase, coresCase, allocCase, arrayCase, demoCase, threadCase, serverCase, scalingCase}
}

// Run runs the case.
func (c Case) Run(ctx context.Context, e *Env) (record.Case, error) {
	r, err := c.run(ctx, e)
	r.Name, r.Title = c.Name, c.Title
	return r, err
}

// Env is what cases share.
type Env struct {
	Rounds int
	Peers  *peer.Set
	Report func(what string) // tells what is being measured; may be nil
}

// An entry is a candidate, or the reason why there is none. If it has a check, it is
// refused unless it passes that before and after it is measured.
type entry struct {
	measure.Candidate
	absent string
	check  func() error
}

// run is the entry of code in this process.
func run(name string, fn func(n int)) entry { return entry{Candidate: measure.Func(name, fn)} }

// child is the entry of work that a peer's own process does, checked if want is given.
func (e *Env) child(ctx context.Context, name, peerName, work string, want []float32) entry {
	c, err := e.Peers.Get(ctx, peerName)
	if err != nil {
		return entry{Candidate: measure.Candidate{Name: name}, absent: err.Error()}
	}
	en := entry{Candidate: c.Candidate(name, work)}
	if want != nil {
		en.check = func() error {
			got, err := c.Check(work)
			if err != nil {
				return err
			}
			return model.CheckClose(got, want, tolerance(want))
		}
	}
	return en
}

// checked is the entry of code in this process whose operation leaves what got returns.
func checked(name string, fn func(n int), want []float32, got func() []float32) entry {
	return entry{Candidate: measure.Func(name, fn), check: func() error {
		fn(1)
		return model.CheckClose(got(), want, tolerance(want))
	}}
}

// same returns a function that returns x.
func same(x []float32) func() []float32 { return func() []float32 { return x } }

// tolerance allows for float32 sums in any order.
func tolerance(want []float32) float64 {
	largest := 1.0
	for _, v := range want {
		largest = max(largest, float64(v), -float64(v))
	}
	return 1e-4 * largest
}

// measure measures the entries in turn and returns the rows of the group.
func (e *Env) measure(ctx context.Context, g record.Group, target time.Duration, entries ...entry) (record.Group, error) {
	if e.Report != nil {
		e.Report(g.Name)
	}
	var cands []measure.Candidate
	for i := range entries {
		en := &entries[i]
		if en.absent == "" && en.check != nil {
			if err := en.check(); err != nil {
				en.absent = err.Error()
			}
		}
		if en.absent == "" {
			cands = append(cands, en.Candidate)
		}
	}
	results, err := measure.Rounds(ctx, cands, measure.Options{Rounds: e.Rounds, Target: target})
	for _, en := range entries {
		row := record.Row{Name: en.Name, Absent: en.absent}
		if en.absent == "" {
			row, results = newRow(results[0]), results[1:]
		}
		if row.Absent == "" && en.check != nil && err == nil {
			if wrong := en.check(); wrong != nil {
				row = record.Row{Name: en.Name, Absent: "wrong after it was measured: " + wrong.Error()}
			}
		}
		g.Rows = append(g.Rows, row)
	}
	g.Relate()
	return g, err
}

func newRow(r measure.Result) record.Row {
	row := record.Row{Name: r.Name}
	if r.Err != nil {
		row.Absent = r.Err.Error()
		return row
	}
	per := func(value func(measure.Sample) float64) []float64 {
		xs := make([]float64, len(r.Samples))
		for i, s := range r.Samples {
			xs[i] = value(s)
		}
		return xs
	}
	allocs := per(func(s measure.Sample) float64 { return float64(s.Allocs) / float64(s.Ops) })
	bytes := per(func(s measure.Sample) float64 { return float64(s.Bytes) / float64(s.Ops) })
	row.Metrics = []record.Metric{
		record.NewMetric("time", "ns/op", per(measure.Sample.PerOp)),
		record.NewMetric("allocs", "allocs/op", median(allocs)),
		record.NewMetric("bytes", "B/op", median(bytes)),
	}
	return row
}

// median keeps one number of what is the same in all rounds, but for the runtime's own
// allocations now and then.
func median(xs []float64) []float64 {
	if len(xs) == 0 {
		return nil
	}
	return []float64{stats.Summarize(xs).Median}
}

// perCore is run with the time multiplied by the cores that worked.
func perCore(name string, fn func(n int), cores int) entry {
	timed := func(_ context.Context, n int) (measure.Sample, error) {
		s := measure.Time(n, fn)
		s.Time *= time.Duration(cores)
		return s, nil
	}
	return entry{Candidate: measure.Candidate{Name: name, Run: timed}}
}
