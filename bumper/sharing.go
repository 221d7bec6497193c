package bumper

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Sharing is the part of a buffer that goroutines may use at the same time. The
// zero value is ready; it must not be copied.
type Sharing struct {
	// holds counts the parallel regions that run; resetting while a reset is
	// under way, which excludes both.
	holds atomic.Int64
	once  sync.Once
	face  any
}

const resetting = -1

// Hold marks the buffer as used by a parallel region: until the matching Unhold,
// Reset and Restore are refused. A reset that is under way is waited for.
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
			panic(misuse("Unhold without Hold"))
		}
		if s.holds.CompareAndSwap(n, n-1) {
			return
		}
	}
}

// Held reports whether a parallel region uses the buffer now.
func (s *Sharing) Held() bool { return s.holds.Load() > 0 }

// Face returns what was made by the first call's function: the one front through
// which all goroutines use the buffer, however many ask for it.
func (s *Sharing) Face(create func() any) any {
	s.once.Do(func() { s.face = create() })
	return s.face
}

// lock keeps parallel regions out while the buffer changes; false if one runs.
func (s *Sharing) lock() bool { return s.holds.CompareAndSwap(0, resetting) }

func (s *Sharing) unlock() { s.holds.Store(0) }
