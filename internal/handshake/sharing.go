package handshake

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Sharing is the part of a buffer that goroutines may use at the same time. The
// zero value is ready; it must not be copied.
type Sharing struct {
	Busy Busy // detects goroutines that use the buffer, unlocked, at the same time

	// Levels tells which scope of the buffer is the innermost.
	Levels Levels

	Abandoned Abandoned // scopes on the unlocked buffer that were never ended

	// Entered, if not nil, is told of each scope that package scope has opened on the
	// buffer: its context, and the place that names it. It must not keep the context.
	Entered func(ctx context.Context, pc uintptr)

	// Track, if not nil, is where package scope allocates and releases blocks of TrackOwner, which is
	// the buffer, without calling it.
	Track      *Track
	TrackOwner memory.Allocator

	// Releaser, if not nil, is asked to release blocks of the buffer instead of it: what
	// locks a buffer that goroutines share.
	Releaser memory.Releaser

	// Storage is where a shared buffer takes its storage; nil for a third party's
	// buffer, which lends blocks of its own.
	Storage Storage

	// holds counts the running parallel regions. It is resetting during a reset,
	// which excludes regions and other resets, and yielded from a Yield to its Regain, or
	// one less during a reset within.
	holds atomic.Int64

	once  sync.Once
	front Front // nil until goroutines share the buffer

	// Caller, if not 0, is the place that called Reset of the front, during the reset.
	Caller uintptr

	// Lock, if not nil, is held while the functions passed to WhenFree run.
	Lock sync.Locker

	pending atomic.Bool // waiting is not empty
	mu      sync.Mutex
	waiting []func()
}

const (
	resetting = -1
	yielded   = -2
)

// RunAbandoned runs the ends of scopes that were never ended, if s is not nil.
func (s *Sharing) RunAbandoned() {
	if s != nil {
		s.Abandoned.Run()
	}
}

// Enter calls Entered, if s and that are not nil.
func (s *Sharing) Enter(ctx context.Context, pc uintptr) {
	if s != nil && s.Entered != nil {
		s.Entered(ctx, pc)
	}
}

// Hold marks the buffer as used by a parallel region: until the matching Unhold,
// Reset and Restore are refused. It waits for a reset that is under way.
func (s *Sharing) Hold() {
	for {
		n := s.holds.Load()
		if n >= 0 && s.holds.CompareAndSwap(n, n+1) {
			return
		}
		runtime.Gosched()
	}
}

// Unhold undoes one Hold; undoing the last runs the functions passed to WhenFree. It
// panics if there is no Hold. The caller does not hold Lock.
func (s *Sharing) Unhold() {
	for {
		n := s.holds.Load()
		if n <= 0 {
			panic("handshake: Unhold without Hold")
		}
		if s.holds.CompareAndSwap(n, n-1) {
			if n == 1 {
				s.runWaiting()
			}
			return
		}
	}
}

// WhenFree runs end as soon as no parallel region uses the buffer: at once, or in the
// Unhold of the last one, before another begins. So a refused end of a scope is not
// lost. The caller does not hold Lock.
func (s *Sharing) WhenFree(end func()) {
	s.mu.Lock()
	s.waiting = append(s.waiting, end)
	s.pending.Store(true)
	s.mu.Unlock()
	s.runWaiting()
}

// Yield lends the caller's Hold, if it is the only one, to a reset that the caller makes before
// Regain. Until then other holds wait, and what was passed to WhenFree runs after the caller's
// Unhold: so unlike that, Yield may be called under Lock.
func (s *Sharing) Yield() bool { return s.holds.CompareAndSwap(1, yielded) }

// Regain takes back what Yield has lent.
func (s *Sharing) Regain() {
	for !s.holds.CompareAndSwap(yielded, 1) {
		runtime.Gosched()
	}
}

// runWaiting runs the waiting functions, unless a region runs, whose Unhold then does
// it. It waits for a reset that is under way.
func (s *Sharing) runWaiting() {
	for s.pending.Load() && s.holds.Load() <= 0 {
		if s.holds.CompareAndSwap(0, resetting) {
			s.runAll()
			return
		}
		runtime.Gosched()
	}
}

// runAll runs the waiting functions, with regions kept out.
func (s *Sharing) runAll() {
	defer s.EndReset()
	if s.Lock != nil {
		s.Lock.Lock()
		defer s.Lock.Unlock()
	}
	s.mu.Lock()
	ends := s.waiting
	s.waiting = nil
	s.pending.Store(false)
	s.mu.Unlock()
	for _, end := range ends {
		end()
	}
}

// Held reports whether a parallel region uses the buffer now.
func (s *Sharing) Held() bool {
	n := s.holds.Load()
	return n > 0 || n == yielded
}

// TryReset keeps parallel regions out until EndReset, while the buffer changes. It
// returns false if one runs that has not yielded.
func (s *Sharing) TryReset() bool {
	return s.holds.CompareAndSwap(0, resetting) || s.holds.CompareAndSwap(yielded, yielded+resetting)
}

// EndReset ends what TryReset began.
func (s *Sharing) EndReset() { s.holds.Add(-resetting) }

// Levels are a buffer's levels of scope, as package scope asks for them. They are as safe
// for concurrent use as the buffer.
type Levels interface {
	Stamp() memory.Stamp // of the innermost open level
	Depth() int          // how many checkpoints are open
}

// A Front is the object through which goroutines share a buffer.
type Front interface {
	// Rewound is called when a level of the buffer inside has ended or, with reset
	// true, when the buffer was reset.
	Rewound(reset bool)

	// TrimIdle gives idle storage back to the buffer inside. Nothing else uses either
	// meanwhile.
	TrimIdle()
}

// Front returns the object through which all goroutines use the buffer. The first call
// creates it; later calls return the same.
func (s *Sharing) Front(create func() Front) Front {
	s.once.Do(func() { s.front = create() })
	return s.front
}

// Rewound calls Rewound of the front, if there is one.
func (s *Sharing) Rewound(reset bool) {
	if s.front != nil {
		s.front.Rewound(reset)
	}
}

// Trim calls TrimIdle of the front, if there is one.
func (s *Sharing) Trim() {
	if s.front != nil {
		s.front.TrimIdle()
	}
}
