package locked

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope"
)

// A job is a task while it is computed.
type job struct {
	crew   *crew
	task   scope.Task
	shares []share   // of the workers
	team   []*helper // those with the numbers 1, 2 …
	busy   sync.WaitGroup
	left   atomic.Int32 // what busy counts

	mu     sync.Mutex
	failed bool
	value  any // of a helper's panic; nil for a Goexit
}

func newJob(c *crew) *job {
	return &job{crew: c, shares: make([]share, 1+c.most), team: make([]*helper, c.most)}
}

// set makes j the job of n pieces for so many helpers.
func (j *job) set(n int, task scope.Task, helpers int) {
	j.task, j.shares, j.team = task, j.shares[:1+helpers], j.team[:helpers]
	for i := range j.shares {
		part := func(i int) uint64 { return uint64(n) * uint64(i) / uint64(1+helpers) }
		j.shares[i].fill(part(i), part(i+1))
	}
	j.busy.Add(helpers)
	j.left.Store(int32(helpers))
}

// A share is the pieces that are left for one worker, who takes the first; others take the last, when
// they have none left themselves. So a worker has neighbouring pieces, and in the next layer of a network
// those that its cache has.
type share struct {
	left atomic.Uint64 // the first piece, and in the lower half the one behind the last
	_    [56]byte      // the next one is in another line of the cache
}

func (s *share) fill(from, to uint64) { s.left.Store(from<<32 | to) }

// take returns the first or the last piece; false if none is left.
func (s *share) take(first bool) (piece int, ok bool) {
	for {
		left := s.left.Load()
		from, to := left>>32, left&(1<<32-1)
		switch {
		case from >= to:
			return 0, false
		case first:
			piece, from = int(from), from+1
		default:
			to--
			piece = int(to)
		}
		if s.left.CompareAndSwap(left, from<<32|to) {
			return piece, true
		}
	}
}

// run computes the job with its team. It is called by worker 0.
func (j *job) run() {
	finished := false
	defer func() {
		failed, value := j.end()
		switch {
		case !finished || !failed: // the caller's own panic or Goexit goes on
		case value == nil:
			runtime.Goexit()
		default:
			panic(value)
		}
	}()
	j.work(0)
	finished = true
}

// work computes pieces until none is left.
func (j *job) work(worker int) {
	for i := range j.shares {
		s := &j.shares[(worker+i)%len(j.shares)]
		for piece, ok := s.take(i == 0); ok; piece, ok = s.take(i == 0) {
			j.task.RunPiece(worker, piece)
		}
	}
}

// stop leaves out the pieces that have not begun.
func (j *job) stop() {
	for i := range j.shares {
		j.shares[i].fill(0, 0)
	}
}

// end waits for the helpers that have begun, and returns whether one of them failed, and with what. Who
// has not woken up yet is not waited for: on a busy machine that may take longer than the job.
func (j *job) end() (failed bool, value any) {
	j.stop()
	c := j.crew
	for i, h := range j.team {
		if h.job.CompareAndSwap(j, nil) {
			c.put(h)
			j.done()
		}
		j.team[i] = nil
	}
	for i := 0; i < patience && j.left.Load() > 0; i++ {
		runtime.Gosched()
	}
	j.busy.Wait() // and perhaps go on in another thread, whose cache is cold
	failed, value = j.failed, j.value
	j.task, j.failed, j.value = nil, false, nil
	c.mu.Lock()
	c.jobs = append(c.jobs, j)
	c.mu.Unlock()
	return failed, value
}

// done is called when a helper is through, or did not come.
func (j *job) done() {
	j.busy.Done()
	j.left.Add(-1)
}

// fail records a panic, or with nil a Goexit, and leaves out what has not begun. A panic counts more.
func (j *job) fail(value any) {
	j.stop()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.failed || j.value == nil {
		j.failed, j.value = true, value
	}
}
