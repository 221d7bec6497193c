package handshake

import (
	"sync"
	"sync/atomic"
)

// Abandoned holds the ends of scopes that nobody can end any more, because the garbage
// collector found them, until the goroutine that uses the buffer runs them. The zero
// value is ready.
type Abandoned struct {
	waiting atomic.Bool
	mu      sync.Mutex
	ends    []func() (done bool)
}

// Add is safe for concurrent use: end runs in the next Run, and in later ones until it
// says that it is done.
func (a *Abandoned) Add(end func() (done bool)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ends = append(a.ends, end)
	a.waiting.Store(true)
}

// Run runs what waits, as often as one more scope can end. Only what uses the buffer
// calls it.
func (a *Abandoned) Run() {
	if a.waiting.Load() {
		a.run()
	}
}

func (a *Abandoned) run() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for before := -1; len(a.ends) != before; {
		before = len(a.ends)
		left := a.ends[:0]
		for _, end := range a.ends {
			if !end() {
				left = append(left, end)
			}
		}
		clear(a.ends[len(left):])
		a.ends = left
	}
	a.waiting.Store(len(a.ends) > 0)
}
