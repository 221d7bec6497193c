package scope

import (
	"strings"
	"sync"
	"sync/atomic"
)

// An OverrunError is the value of the panic that follows a write beyond a guarded
// block: at once where it met an inaccessible page, else when the block's scope ended.
type OverrunError struct{ What string }

// Error tells what was written and where the block was allocated.
func (e *OverrunError) Error() string { return "scope: " + e.What }

// pendingOverruns keeps what the ends of scopes found until it can be reported: not
// before the scope is released.
type pendingOverruns struct {
	some atomic.Bool
	mu   sync.Mutex
	list []string
}

var overruns pendingOverruns

// add notes writes beyond blocks whose scope had the stamp s.
func (p *pendingOverruns) add(broken []string, s Stamp) {
	if len(broken) == 0 {
		return
	}
	p.mu.Lock()
	for _, what := range broken {
		p.list = append(p.list, what+"whose scope has "+s.End())
	}
	p.some.Store(true)
	p.mu.Unlock()
}

// take returns what was noted, and forgets it.
func (p *pendingOverruns) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	what := strings.Join(p.list, "; ")
	p.list = nil
	p.some.Store(false)
	return what
}

// PanicOnOverrun panics with an [OverrunError] if the end of a guarded scope found
// writes beyond its blocks that were not reported yet. NoEscape calls it; buffers do
// when they were reset.
func PanicOnOverrun() {
	if !overruns.some.Load() {
		return
	}
	if what := overruns.take(); what != "" {
		panic(&OverrunError{what})
	}
}
