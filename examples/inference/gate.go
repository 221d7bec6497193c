package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A gate lets workers work, makes them rest, and sends them home, all together.
//
// Workers rest by polling. To block on a channel takes objects from caches of the runtime
// that are not always full, and so allocates while allocations are counted.
type gate struct {
	stage  atomic.Int32
	inside atomic.Int32 // workers that work or are about to notice that they must not
	worked atomic.Int32 // for each opening, the workers that have done a step
	fair   atomic.Bool  // workers take turns step by step, not by the runtime's ten milliseconds
}

// The stages of a gate. It begins closed.
const (
	closed int32 = iota
	opened
	finished
)

// How long a worker rests, and how long open sleeps, between two looks. Those of open are
// rarer because they interrupt work.
const (
	poll = 200 * time.Microsecond
	nap  = 2 * time.Millisecond
)

// wait rests until the gate is open. It returns false if the gate will not open again.
func (g *gate) wait() bool {
	for {
		switch g.stage.Load() {
		case opened:
			return true
		case finished:
			return false
		}
		time.Sleep(poll)
	}
}

// work calls step again and again while the gate is open.
//
// A worker is counted before it looks at the stage, and close looks at the count
// after it has set the stage: a worker that is not counted then does not work.
func (g *gate) work(step func() error) error {
	for g.wait() {
		g.inside.Add(1)
		err := g.steps(step)
		g.inside.Add(-1)
		if err != nil {
			g.finish()
			return err
		}
	}
	return nil
}

func (g *gate) steps(step func() error) error {
	for first := true; g.stage.Load() == opened; first = false {
		if err := step(); err != nil {
			return err
		}
		if first {
			g.worked.Add(1)
		}
		if g.fair.Load() {
			runtime.Gosched()
		}
	}
	return nil
}

// open lets all workers work, and calls watch now and then, with the number of workers
// that have done a step, until it returns false.
func (g *gate) open(watch func(worked int) bool) {
	g.worked.Store(0)
	g.stage.CompareAndSwap(closed, opened)
	for g.stage.Load() == opened && watch(int(g.worked.Load())) {
		time.Sleep(nap)
	}
}

// close returns when all workers rest.
func (g *gate) close() {
	g.stage.CompareAndSwap(opened, closed)
	for g.inside.Load() > 0 {
		time.Sleep(poll)
	}
}

// finish sends all workers home.
func (g *gate) finish() { g.stage.Store(finished) }
