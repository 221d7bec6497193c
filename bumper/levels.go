package bumper

import (
	"runtime"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Levels keeps the books of a buffer's nested scopes: which are open, where the
// buffer stood when each began (an M), and an epoch for each depth, so that
// ending one level invalidates exactly what was born in it. Embed it to write a
// [Buffer]; it does everything about checkpoints but move the offset.
//
// Call Init before anything else. Levels must not be copied, and is as safe for
// concurrent use as a Buffer.
type Levels[M any] struct {
	sharing Sharing
	top     scope.Stamp // of the innermost open level
	depth   int         // how many checkpoints are open
	stack   []level[M]  // [0] is the buffer's own; deeper ones are kept for reuse
	busy    scope.Busy
}

type level[M any] struct {
	epoch *scope.Epoch
	mark  M
}

// Init makes the levels those of owner, the buffer itself, which every stamp
// keeps reachable.
func (l *Levels[M]) Init(owner any) {
	l.stack = []level[M]{{epoch: scope.NewEpoch(owner)}, {epoch: scope.NewEpoch(owner)}}
	l.depth = 0
	l.top = l.stack[0].epoch.Stamp()
}

// Stamp returns the stamp for a block that is born now.
func (l *Levels[M]) Stamp() scope.Stamp { return l.top }

// Depth returns how many checkpoints are open.
func (l *Levels[M]) Depth() int { return l.depth }

// Sharing returns what goroutines share that use the buffer together.
func (l *Levels[M]) Sharing() *Sharing { return &l.sharing }

// Busy lets guard mode find goroutines that use the buffer at the same time.
func (l *Levels[M]) Busy() *scope.Busy { return &l.busy }

// Open opens a level that began where the buffer stands now.
func (l *Levels[M]) Open(mark M) scope.Checkpoint {
	l.depth++
	if l.depth == len(l.stack) {
		l.grow()
	}
	lv := &l.stack[l.depth]
	lv.mark = mark
	l.top = lv.epoch.Stamp()
	return scope.Checkpoint{Stamp: l.top}
}

// grow appends a level that belongs to the same owner.
func (l *Levels[M]) grow() {
	l.stack = append(l.stack, level[M]{epoch: l.stack[0].epoch.Sibling()})
}

// Close ends the level that cp opened, which must be the innermost, and returns
// where the buffer stood when it began. The caller of the buffer's Restore is
// recorded as the place of the end, unless one was noted before.
func (l *Levels[M]) Close(cp scope.Checkpoint) (M, error) {
	var none M
	if l.sharing.Held() { // asked once: it may end at any moment
		return none, ErrHeld
	}
	if l.depth == 0 || cp.Stamp != l.top {
		return none, l.refusal(cp)
	}
	if !cp.EndNoted() {
		cp.EndsAt(callerOutside(2))
	}
	return l.pop(), nil
}

// CloseAbove is Close for a level that need not be the innermost: those above it
// end with it.
func (l *Levels[M]) CloseAbove(cp scope.Checkpoint) (mark M, err error) {
	if l.sharing.Held() {
		return mark, ErrHeld
	}
	for i := l.depth; i > 0; i-- {
		if l.stack[i].epoch.Stamp() == cp.Stamp {
			for l.depth >= i {
				mark = l.pop()
			}
			return mark, nil
		}
	}
	return mark, l.refusal(cp)
}

// Reset ends the life of everything that was born in the buffer, and lets rewind
// set the offset back. It is refused while a checkpoint is open or the buffer is
// held. The caller of the buffer's Reset is recorded as the place.
func (l *Levels[M]) Reset(rewind func()) error {
	if !l.sharing.lock() {
		return ErrHeld
	}
	defer l.sharing.unlock()
	if l.depth > 0 {
		return ErrOpenScope
	}
	l.top.EndsAt(callerOutside(2))
	l.stack[0].epoch.End()
	l.top = l.stack[0].epoch.Stamp()
	rewind()
	scope.PanicOnOverrun()
	return nil
}

// pop ends the innermost level.
func (l *Levels[M]) pop() M {
	lv := &l.stack[l.depth]
	lv.epoch.End()
	l.depth--
	l.top = l.stack[l.depth].epoch.Stamp()
	return lv.mark
}

// refusal says why a level cannot be closed.
func (l *Levels[M]) refusal(cp scope.Checkpoint) error {
	switch {
	case !l.has(cp):
		return ErrForeign
	case !cp.Live():
		return ErrEnded
	}
	return ErrOutOfOrder
}

// has reports whether cp was taken from this buffer, be it open or not.
func (l *Levels[M]) has(cp scope.Checkpoint) bool {
	for i := 1; i < len(l.stack); i++ {
		if l.stack[i].epoch.Issued(cp.Stamp) {
			return true
		}
	}
	return false
}

// callerOutside returns the place that called the buffer's own method.
func callerOutside(skip int) uintptr {
	var pc [1]uintptr
	if runtime.Callers(skip+2, pc[:]) == 0 {
		return 0
	}
	return pc[0] - 1
}
