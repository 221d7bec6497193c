package handshake

import (
	"runtime"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// Busy detects goroutines that use an unlocked buffer at the same time. The zero value
// is ready.
type Busy struct{ user atomic.Pointer[usage] }

// usage is a call in progress.
type usage struct {
	what string
	at   callsite.Stack
}

// Enter panics with a guard.ConcurrentUseError, naming both places, if the buffer is
// being used. It yields, because a call is too short to overlap another by chance:
// concurrent use is then found within a few calls. The caller calls Leave afterwards.
func (b *Busy) Enter(what string) {
	me := &usage{what: what}
	me.at.Capture()
	if !b.user.CompareAndSwap(nil, me) {
		panic(&guard.ConcurrentUseError{First: me.String(), Second: b.user.Load().String()})
	}
	runtime.Gosched()
}

// Leave ends the use that Enter began. A nil Busy does nothing.
func (b *Busy) Leave() {
	if b != nil {
		b.user.Store(nil)
	}
}

// String returns what is called, and from where.
func (u *usage) String() string {
	if u == nil {
		return "a call that has just ended"
	}
	return u.what + " at\n" + callsite.Text(u.at.Callers()) + "\n"
}
