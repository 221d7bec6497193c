package service

import (
	"net/http"
	"sync/atomic"
	"time"
)

// statuses are those that predictions are answered with.
var statuses = [...]int{
	http.StatusOK, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestTimeout,
	http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
	http.StatusInternalServerError, http.StatusServiceUnavailable,
}

// The upper bounds of the buckets of durations, but for the last, which has none.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, time.Second, 10 * time.Second,
}

// counters counts predictions. Its methods are safe for concurrent use and allocate
// nothing.
type counters struct {
	requests [len(statuses)]atomic.Uint64
	images   atomic.Uint64
	duration [len(bounds) + 1]atomic.Uint64
	total    atomic.Int64  // of all durations, in nanoseconds
	peak     atomic.Uint64 // bytes in scopes since the last sample
}

func newCounters() *counters { return &counters{} }

// add counts a request. A status that is not in the table counts as 500.
func (c *counters) add(status int, d time.Duration) {
	i := 0
	for i < len(statuses)-2 && statuses[i] != status {
		i++
	}
	if statuses[len(statuses)-1] == status {
		i = len(statuses) - 1
	}
	c.requests[i].Add(1)
	j := 0
	for j < len(bounds) && d > bounds[j] {
		j++
	}
	c.duration[j].Add(1)
	c.total.Add(int64(d))
}

// held notes how many bytes all scopes held at one time.
func (c *counters) held(n int) {
	for {
		old := c.peak.Load()
		if uint64(n) <= old || c.peak.CompareAndSwap(old, uint64(n)) {
			return
		}
	}
}

// answered returns how many requests got an answer, and how many an error.
func (c *counters) answered() (ok, failed uint64) {
	for i := range c.requests {
		if n := c.requests[i].Load(); statuses[i] == http.StatusOK {
			ok += n
		} else {
			failed += n
		}
	}
	return ok, failed
}
