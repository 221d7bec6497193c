package locked

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Cores lets a computation that takes its memory from the buffer use n cores: large products and
// convolutions are then computed by the goroutine that asks for them and up to n-1 helpers, and have
// the same bits. All goroutines that use the buffer share the helpers, and who finds them busy computes
// alone: under load requests keep each other's cores busy. The default is 1.
//
// A helper is a goroutine. It is started when it is first needed, and ends when nobody has needed it
// for a second, or with Close. Cores panics if n is not positive.
func Cores(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("locked: Cores(%d), want 1 or more", n))
	}
	return func(b *Buffer) {
		if old := b.crew.Swap(&crew{most: n - 1}); old != nil {
			old.dismiss()
		}
	}
}

// Helpers returns the helpers that [Cores] has allowed, nil without it. It is for scope.HelpersFrom.
func (b *Buffer) Helpers() scope.Helpers {
	if c := b.crew.Load(); c != nil {
		return c
	}
	return nil
}

// crew are the helpers of a buffer. They do not refer to it.
type crew struct {
	most int

	mu      sync.Mutex
	idle    []*helper // the last is taken first
	running int       // helpers that have not ended
	jobs    []*job    // for reuse
}

// A helper is a goroutine. Its job is set by who has taken it from the idle ones, and taken away
// by the helper, or by who has set it if the helper comes too late.
type helper struct {
	crew   *crew
	job    atomic.Pointer[job]
	number int // as a worker of job
	wake   chan struct{}
}

const (
	// idleTime is how long a helper waits before it ends.
	idleTime = time.Second

	// patience is how often a helper looks for the next job before it sleeps, and a caller for the last helper
	// to finish: some tens of microseconds in all, about as long as falling asleep and waking up take. The layers of a
	// network follow each other in less.
	patience = 200
)

// Workers is that of [scope.Helpers].
func (c *crew) Workers() int { return 1 + c.most }

// RunPieces is that of [scope.Helpers].
func (c *crew) RunPieces(n int, task scope.Task) {
	if n > 1 && uint64(n) <= math.MaxUint32 {
		if j := c.begin(n, task); j != nil {
			j.run()
			return
		}
	}
	for i := range n {
		task.RunPiece(0, i)
	}
}

// begin takes idle helpers for a task of n pieces, and starts those that are missing. It returns nil if
// there are none.
func (c *crew) begin(n int, task scope.Task) *job {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := min(n-1, len(c.idle)+c.most-c.running)
	if wanted <= 0 {
		return nil
	}
	j := c.takeJob()
	j.set(n, task, wanted)
	for i := range wanted {
		h := c.takeHelper()
		j.team[i] = h
		h.number = 1 + i
		h.job.Store(j)
		h.wakeUp()
	}
	return j
}

// takeJob returns a job for reuse, or a new one; c.mu is held, so that the jobs need no lock of a spare.List, and they keep
// what a crew of this size needs, which that would clear.
func (c *crew) takeJob() *job {
	last := len(c.jobs) - 1
	if last < 0 {
		return newJob(c)
	}
	j := c.jobs[last]
	c.jobs = c.jobs[:last]
	return j
}

// takeHelper returns an idle helper, or a new one; c.mu is held.
func (c *crew) takeHelper() *helper {
	last := len(c.idle) - 1
	if last < 0 {
		h := &helper{crew: c, wake: make(chan struct{}, 1)}
		c.running++
		go h.loop()
		return h
	}
	h := c.idle[last]
	c.idle = c.idle[:last]
	return h
}

// put makes a helper idle.
func (c *crew) put(h *helper) {
	c.mu.Lock()
	c.idle = append(c.idle, h)
	c.mu.Unlock()
}

// lose is told that a helper has ended with a runtime.Goexit.
func (c *crew) lose() {
	c.mu.Lock()
	c.running--
	c.mu.Unlock()
}

// retire takes h from the idle ones, so that it can end; false if it is not among them.
func (c *crew) retire(h *helper) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.idle, h)
	if i < 0 {
		return false
	}
	c.idle = slices.Delete(c.idle, i, i+1)
	c.running--
	return true
}

// dismiss ends the helpers that are idle.
func (c *crew) dismiss() {
	c.mu.Lock()
	idle := c.idle
	c.idle = nil
	c.running -= len(idle)
	c.mu.Unlock()
	for _, h := range idle {
		h.job.Store(farewell)
		h.wakeUp()
	}
}

// farewell is the job of a helper that shall end.
var farewell = new(job)

func (h *helper) wakeUp() {
	select {
	case h.wake <- struct{}{}:
	default: // it has not looked since the last time, and will
	}
}

// loop is the goroutine.
func (h *helper) loop() {
	timer := time.NewTimer(idleTime)
	defer timer.Stop()
	for {
		switch j := h.job.Swap(nil); j {
		case nil:
			if h.jobComes() {
				continue
			}
			timer.Reset(idleTime)
			select {
			case <-h.wake:
			case <-timer.C:
				if h.crew.retire(h) {
					return
				}
			}
		case farewell:
			return
		default:
			h.help(j)
		}
	}
}

// jobComes reports whether a job comes soon. Meanwhile other goroutines may run.
func (h *helper) jobComes() bool {
	for range patience {
		if h.job.Load() != nil {
			return true
		}
		runtime.Gosched()
	}
	return false
}

// help works on j. The helper is idle before j learns that it is through, so that it can be taken, or
// dismissed, at once.
func (h *helper) help(j *job) {
	finished := false
	defer func() {
		switch value := recover(); {
		case finished:
			h.crew.put(h)
		case value != nil:
			j.fail(value)
			h.crew.put(h)
		default: // a runtime.Goexit, which goes on
			j.fail(nil)
			h.crew.lose()
		}
		j.done()
	}()
	j.work(h.number)
	finished = true
}
