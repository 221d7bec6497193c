package handshake

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Sharing is the part of a buffer that goroutines may use at the same time. The
// zero value is ready; it must not be copied.
type Sharing struct {
	Busy Busy // finds goroutines that use the buffer, unlocked, at the same time

	// Storage is the bumper.Source from which regions of an isolating buffer take
	// their memory, as safe for concurrent use as the buffer; nil for any other.
	Storage any

	// holds counts the parallel regions that run; resetting while a reset is
	// under way, which excludes both.
	holds atomic.Int64

	once  sync.Once
	front any
}

const resetting = -1

// Hold marks the buffer as used by a parallel region: until the matching Unhold,
// Reset and Restore are refused. It waits for a reset that is under way.
func (s *Sharing) Hold() {
	for {
		n := s.holds.Load()
		if n != resetting && s.holds.CompareAndSwap(n, n+1) {
			return
		}
		runtime.Gosched()
	}
}

// Unhold takes back one Hold. It panics if there is none.
func (s *Sharing) Unhold() {
	for {
		n := s.holds.Load()
		if n <= 0 {
			panic("handshake: Unhold without Hold")
		}
		if s.holds.CompareAndSwap(n, n-1) {
			return
		}
	}
}

// Held reports whether a parallel region uses the buffer now.
func (s *Sharing) Held() bool { return s.holds.Load() > 0 }

// TryReset keeps parallel regions out while the buffer changes, until EndReset; false
// if one runs.
func (s *Sharing) TryReset() bool { return s.holds.CompareAndSwap(0, resetting) }

// EndReset ends what TryReset began.
func (s *Sharing) EndReset() { s.holds.Store(0) }

// Front returns the value that the first call's function made: the one object through
// which all goroutines use the buffer. Later calls return the same.
func (s *Sharing) Front(create func() any) any {
	s.once.Do(func() { s.front = create() })
	return s.front
}
