package bumper

import (
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Levels keeps the records of a buffer's nested scopes: which are open, where the
// buffer stood when each began (an M), and an epoch for each depth, so that
// ending one level invalidates exactly what was born in it. Embed it to write a
// [Buffer]; it does everything about checkpoints but move the offset.
//
// Call Init before anything else. Levels must not be copied, and is as safe for
// concurrent use as a Buffer.
type Levels[M any] struct {
	shared handshake.Sharing
	top    memory.Stamp // of the innermost open level
	depth  int          // how many checkpoints are open
	stack  []level[M]   // [0] is the buffer's own; deeper ones are kept for reuse
	owner  any
}

type level[M any] struct {
	epoch *memory.Epoch
	mark  M
}

// Init makes the levels those of owner, the buffer itself, which every stamp
// keeps reachable.
func (l *Levels[M]) Init(owner any) {
	l.owner = owner
	l.stack = []level[M]{{epoch: memory.NewEpoch(owner)}, {epoch: memory.NewEpoch(owner)}}
	l.depth = 0
	l.top = l.stack[0].epoch.Stamp()
	l.shared.Levels = l
}

// Stamp returns the stamp for a block that is born now.
func (l *Levels[M]) Stamp() memory.Stamp { return l.top }

// Depth returns how many checkpoints are open.
func (l *Levels[M]) Depth() int { return l.depth }

func (l *Levels[M]) sharing() *handshake.Sharing { return &l.shared }

// Open opens a level that began where the buffer stands now.
func (l *Levels[M]) Open(mark M) memory.Checkpoint {
	l.depth++
	if l.depth == len(l.stack) {
		l.grow()
	}
	lv := &l.stack[l.depth]
	lv.mark = mark
	l.top = lv.epoch.Stamp()
	return memory.Checkpoint{Stamp: l.top}
}

// outermost returns where the buffer stood when its outermost open level began; false
// if none is open.
func (l *Levels[M]) outermost() (mark M, open bool) {
	if l.depth == 0 {
		return mark, false
	}
	return l.stack[1].mark, true
}

// grow appends a level.
func (l *Levels[M]) grow() {
	l.stack = append(l.stack, level[M]{epoch: memory.NewEpoch(l.owner)})
}

// End ends the level that cp opened, which must be the innermost, and returns
// where the buffer stood when it began. The caller of the buffer's Restore is
// recorded as the place of the end, unless one was recorded before.
func (l *Levels[M]) End(cp memory.Checkpoint) (M, error) {
	var none M
	if l.shared.Held() { // asked once: it may end at any moment
		return none, ErrHeld
	}
	if l.depth == 0 || cp.Stamp != l.top {
		return none, l.refusal(cp)
	}
	cp.EndsAtCaller(1)
	return l.pop(), nil
}

// EndAbove is End for a level that need not be the innermost: those above it end with
// it.
func (l *Levels[M]) EndAbove(cp memory.Checkpoint) (mark M, err error) {
	if l.shared.Held() {
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
	if !l.shared.TryReset() {
		return ErrHeld
	}
	defer l.shared.EndReset()
	l.shared.Abandoned.Run()
	if l.depth > 0 {
		return ErrOpenScope
	}
	if pc := l.shared.Caller; pc != 0 {
		l.top.EndsAt(pc)
	}
	l.top.EndsAtCaller(1)
	l.stack[0].epoch.End()
	l.top = l.stack[0].epoch.Stamp()
	l.shared.Rewound(true)
	rewind()
	guard.Check()
	return nil
}

// pop ends the innermost level.
func (l *Levels[M]) pop() M {
	lv := &l.stack[l.depth]
	lv.epoch.End()
	l.depth--
	l.top = l.stack[l.depth].epoch.Stamp()
	l.shared.Rewound(false)
	return lv.mark
}

// refusal says why a level cannot be ended.
func (l *Levels[M]) refusal(cp memory.Checkpoint) error {
	switch {
	case cp.Owner() != l.owner:
		return ErrForeign
	case !cp.Live():
		return ErrEnded
	}
	return ErrOutOfOrder
}
