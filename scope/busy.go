package scope

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope/internal/guard"
)

// Busy finds goroutines that use an unlocked buffer at the same time. The zero value
// is ready.
type Busy struct{ user atomic.Pointer[usage] }

// usage is a call in progress.
type usage struct {
	what  string
	pcs   [12]uintptr
	depth int
}

// enter panics if the buffer is being used, naming both places. It yields, as a call
// is too short to be met by another otherwise: what runs side by side in a program is
// then found within a few calls. Call leave afterwards.
func (b *Busy) enter(what string) {
	me := &usage{what: what}
	me.depth = runtime.Callers(4, me.pcs[:])
	if !b.user.CompareAndSwap(nil, me) {
		panic(&ConcurrentUseError{me.String(), b.user.Load().String()})
	}
	runtime.Gosched()
}

func (b *Busy) leave() {
	if b != nil {
		b.user.Store(nil)
	}
}

// String tells what is called, and from where.
func (u *usage) String() string {
	if u == nil {
		return "a call that has just ended"
	}
	return u.what + " at\n" + guard.Stack(u.pcs[:u.depth])
}

// A ConcurrentUseError is the value of the panic that follows the use of a buffer
// without a lock by two goroutines at the same time, in [GuardFull].
type ConcurrentUseError struct{ First, Second string }

// Error shows both places.
func (e *ConcurrentUseError) Error() string {
	return fmt.Sprintf("scope: a buffer that is not locked is used by two goroutines at once; use locked.WithLockedBumper: %sand %s", e.First, e.Second)
}

// use marks a as being used if it is a buffer that knows [Busy] and the mode is full.
// Call leave of the result, which may be nil, afterwards.
func use(a Allocator, what string) *Busy {
	if guardMode.Load() != int32(GuardFull) {
		return nil
	}
	buf, ok := As[interface{ Busy() *Busy }](a)
	if !ok {
		return nil
	}
	busy := buf.Busy()
	busy.enter(what)
	return busy
}

// checkpoint is c.Checkpoint, which guard mode watches.
func checkpoint(c Checkpointer) Checkpoint {
	if guarding() {
		busy := use(c, "NoEscape")
		defer busy.leave()
	}
	return c.Checkpoint()
}
