// Package measure runs the things to be compared in turn, in many short rounds,
// so that whatever slows the machine down slows all of them.
package measure

import (
	"context"
	"runtime"
	"time"
)

// A Sample is what one run of a candidate cost.
type Sample struct {
	Ops    int           // operations performed
	Time   time.Duration // for all of them
	Allocs uint64        // heap allocations in all of them
	Bytes  uint64        // bytes allocated on the heap in all of them
}

// PerOp returns the time of one operation in nanoseconds.
func (s Sample) PerOp() float64 { return float64(s.Time.Nanoseconds()) / float64(s.Ops) }

// A Candidate is one of the things compared.
type Candidate struct {
	Name string
	Run  func(ctx context.Context, n int) (Sample, error) // performs n operations
}

// Func returns the candidate that performs n operations by calling run(n) in this
// process.
func Func(name string, run func(n int)) Candidate {
	return Candidate{name, func(_ context.Context, n int) (Sample, error) { return Time(n, run), nil }}
}

// Time performs n operations and returns what they cost. Before, it collects what
// others left behind, and performs a few operations untimed, which bring code and
// data into the caches and memory into pools.
func Time(n int, run func(n int)) Sample {
	runtime.GC()
	run(max(1, n/8))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	run(n)
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	return Sample{n, elapsed, after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}
}

// OneCore lets Go code run on one core only until the returned function is called. It
// does not lock the goroutine to its thread: a peer that hands its work to goroutines, as
// gonum does, would then pay for a change of threads that it does not cost its users.
func OneCore() (restore func()) {
	procs := runtime.GOMAXPROCS(1)
	return func() { runtime.GOMAXPROCS(procs) }
}
