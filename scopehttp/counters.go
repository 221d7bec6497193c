package scopehttp

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Counters count what the middlewares made with [Count] do. The zero value is ready; several
// middlewares may share one. It is safe for concurrent use and must not be copied.
//
// Counters are an expvar.Var, but publish themselves nowhere:
//
//	expvar.Publish("allocarrays", &counters)
type Counters struct {
	open      atomic.Int64
	outcomes  [panicked + 1]atomic.Uint64
	exhausted [levels]atomic.Uint64
	waits     waits
	peaks     peaks

	mu      sync.Mutex
	buffers []*locked.Buffer
}

// Stats are the numbers of Counters. All but Open and those of Buffer are counted since the
// start.
type Stats struct {
	Open int `json:"open"` // requests whose scope is open, with handlers that run past their timeout

	// Requests whose scope has ended, each counted once: the handler returned in time; it
	// returned after its timeout; the request was refused because memory was exhausted; the
	// connection was aborted, for that or by the handler; the handler panicked.
	Done     uint64 `json:"done"`
	Overran  uint64 `json:"overran"`
	Refused  uint64 `json:"refused"`
	Aborted  uint64 `json:"aborted"`
	Panicked uint64 `json:"panicked"`

	// Requests for which memory was exhausted, by whose limit that was.
	Own     uint64 `json:"exhausted_own"`
	Tenant  uint64 `json:"exhausted_tenant"`
	Process uint64 `json:"exhausted_process"`

	// Requests that [Reserve] let wait, or not, and how long in all, in seconds.
	Reserved uint64  `json:"reserved"`
	Waited   float64 `json:"reserve_wait_seconds"`

	Peaks Peaks `json:"scope_peak_bytes"` // of requests in a middleware that has a limit

	Stale  uint64         `json:"stale_uses"` // of the whole process, see scope.StaleUses
	Buffer []locked.Stats `json:"buffers"`    // the middlewares' buffers, one each
}

// Stats returns the numbers, each exact, though not all of the same moment.
func (c *Counters) Stats() Stats {
	s := Stats{
		Open: int(c.open.Load()),
		Done: c.outcomes[done].Load(), Overran: c.outcomes[overran].Load(), Refused: c.outcomes[refused].Load(),
		Aborted: c.outcomes[aborted].Load(), Panicked: c.outcomes[panicked].Load(),
		Own: c.exhausted[own].Load(), Tenant: c.exhausted[tenant].Load(), Process: c.exhausted[process].Load(),
		Reserved: c.waits.count.Load(), Waited: time.Duration(c.waits.nanoseconds.Load()).Seconds(),
		Peaks: c.peaks.read(), Stale: scope.StaleUses(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.buffers {
		s.Buffer = append(s.Buffer, b.Stats())
	}
	return s
}

// String returns Stats as JSON, for package expvar.
func (c *Counters) String() string {
	text, err := json.Marshal(c.Stats())
	if err != nil {
		panic(err) // there are only numbers
	}
	return string(text)
}

// watch adds the shared buffer of a, if it has one, to Stats.
func (c *Counters) watch(a scope.Allocator) {
	b, ok := memory.As[*locked.Buffer](a)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, other := range c.buffers {
		if other == b {
			return
		}
	}
	c.buffers = append(c.buffers, b)
}

func (c *Counters) end(q *request) {
	if q.own != nil {
		c.peaks.add(q.own.Stats().Peak)
	}
	c.outcomes[q.outcome.Load()].Add(1)
	c.open.Add(-1)
}

// waits are durations.
type waits struct{ count, nanoseconds atomic.Uint64 }

func (w *waits) add(d time.Duration) {
	w.nanoseconds.Add(uint64(d))
	w.count.Add(1)
}
