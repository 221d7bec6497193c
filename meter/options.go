package meter

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// An Option is something that a [Meter] does.
type Option func(*Meter)

// Within charges l, and the limits above it, for the storage that scopes take. It panics
// if l is nil.
func Within(l *Limit) Option {
	if l == nil {
		panic("meter: Within a nil Limit")
	}
	return func(m *Meter) { m.limit = l }
}

// Log logs the outermost scopes that take as long as slow, hold as many bytes as large at
// some time, or in which an allocation fails. A slow or large of 0 logs none for that. The
// level is slog.LevelWarn. It costs one object for each outermost scope.
//
// A scope is logged when it has ended, with its duration, the most bytes it has held with
// those inside it, how many allocations failed, and the first of their errors. The time of a
// scope that scope.Open opened on a shared buffer begins with its first allocation.
func Log(l *slog.Logger, slow time.Duration, large int) Option {
	if l == nil {
		panic("meter: Log with a nil Logger")
	}
	return func(m *Meter) { m.core.log, m.core.slow, m.core.large = l, slow, large }
}

// Trace writes each scope and allocation to w, one JSON object a line and a call of Write,
// one call at a time. [Replay] runs such a trace again. After an error of w nothing more is
// written; [Meter.Stats] tells the error.
func Trace(w io.Writer) Option { return func(m *Meter) { m.core.trace = &tracer{w: w} } }

// A Request is an allocation that has failed.
type Request struct {
	Size, Align uintptr // in bytes, as asked for
	Attempt     int     // 1 for the first failure, then one more for each retry
	Err         error   // matches scope.ErrExhausted
}

// OnExhausted calls f when an allocation fails because memory is exhausted. If f returns
// true the allocation is tried again, and if that fails f is called again. No lock is held:
// f may release memory, close buffers, and allocate. It is called by several goroutines at
// the same time.
func OnExhausted(f func(Request) (retry bool)) Option {
	return func(m *Meter) { m.core.onExhausted = f }
}

// Fallback serves from the Go heap what fails because memory is exhausted, and counts it.
// Nothing in this module falls back by itself: a service that would rather be slow than
// fail asks for it and watches [Stats].
func Fallback() Option { return func(m *Meter) { m.core.fallback = true } }

// Zero clears each block before it is handed out, so that no old data is seen through
// it. scope.Make does so in any case. Guard mode fills the blocks that it moves all the same.
func Zero() Option { return func(m *Meter) { m.core.zero = true } }

// Fail makes the nth allocation fail, and no other: for tests of code that must survive it.
// Empty blocks do not count; the first is 1. It panics if nth is not positive.
func Fail(nth int) Option {
	if nth <= 0 {
		panic(fmt.Sprintf("meter: Fail(%d): the first allocation is 1", nth))
	}
	return func(m *Meter) { m.core.faults.nth = uint64(nth) }
}

// FailRandomly makes each allocation fail with a probability. The same seed and the same
// order of allocations give the same failures. It panics unless 0 ≤ probability ≤ 1.
func FailRandomly(probability float64, seed uint64) Option {
	if !(probability >= 0 && probability <= 1) {
		panic(fmt.Sprintf("meter: FailRandomly: probability %v", probability))
	}
	return func(m *Meter) { m.core.faults.probability, m.core.faults.seed = probability, seed }
}
