package pages

import (
	"strings"
	"sync"
	"sync/atomic"
)

// overruns keeps what the ends of scopes found until it can be reported, after the
// scope is released.
var overruns pending

type pending struct {
	some atomic.Bool
	mu   sync.Mutex
	list []string
}

// add records writes outside blocks of a scope that has ended as end describes.
func (p *pending) add(broken []string, end func() string) {
	if len(broken) == 0 {
		return
	}
	p.mu.Lock()
	for _, what := range broken {
		p.list = append(p.list, what+"whose scope has "+end())
	}
	p.some.Store(true)
	p.mu.Unlock()
}

// TakeOverruns returns the writes outside blocks that the ends of scopes found since the
// last call; "" if there were none.
func TakeOverruns() string {
	if !overruns.some.Load() {
		return ""
	}
	overruns.mu.Lock()
	defer overruns.mu.Unlock()
	what := strings.Join(overruns.list, "; ")
	overruns.list = nil
	overruns.some.Store(false)
	return what
}
