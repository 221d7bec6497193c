package bumper

import (
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Levels keeps the records of a buffer's nested scopes: which are open, the buffer's
// position when each began (an M), and an epoch for each depth, so that ending a
// level invalidates exactly what was allocated in it. Embed it to write a [Buffer]:
// it implements checkpoints, all but setting the position back.
//
// Call Init before anything else. Levels must not be copied. It is as safe for
// concurrent use as a Buffer.
type Levels[M any] struct {
	shared handshake.Sharing
	at     handshake.Bump // its Top is the stamp of the innermost open level; the rest is of our own buffers
	depth  int            // how many checkpoints are open
	stack  []level[M]     // [0] is the buffer's own; deeper ones are kept for reuse
	owner  any
}

type level[M any] struct {
	epoch *memory.Epoch
	mark  M
}

// Init initialises the levels of owner, the buffer itself. Every stamp keeps owner
// reachable.
func (l *Levels[M]) Init(owner any) {
	l.owner = owner
	l.stack = []level[M]{{epoch: memory.NewEpoch(owner)}, {epoch: memory.NewEpoch(owner)}}
	l.depth = 0
	l.at.Top = l.stack[0].epoch.Stamp()
	l.shared.Levels = l
}

// Stamp returns the stamp for a block allocated now.
func (l *Levels[M]) Stamp() memory.Stamp { return l.at.Top }

// Depth returns how many checkpoints are open.
func (l *Levels[M]) Depth() int { return l.depth }

func (l *Levels[M]) sharing() *handshake.Sharing { return &l.shared }

// Open opens a level that begins at mark, the buffer's current position.
func (l *Levels[M]) Open(mark M) memory.Checkpoint {
	l.depth++
	if l.depth == len(l.stack) {
		l.grow()
	}
	lv := &l.stack[l.depth]
	lv.mark = mark
	l.at.Top = lv.epoch.Stamp()
	return memory.Checkpoint{Stamp: l.at.Top}
}

// outermost returns the position at which the outermost open level began; false if none
// is open.
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

// End ends the level that cp opened, which must be the innermost, and returns the
// position at which it began. It records the caller of the buffer's Restore as the
// place of the end, unless a place is recorded already.
func (l *Levels[M]) End(cp memory.Checkpoint) (M, error) {
	var none M
	if l.shared.Held() { // asked once: it may end at any moment
		return none, ErrHeld
	}
	if l.depth == 0 || cp.Stamp != l.at.Top {
		return none, l.refusal(cp)
	}
	cp.EndsAtCaller(1)
	return l.pop(), nil
}

// EndAbove is like End, for a level that need not be the innermost: it ends those above
// it too.
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

// Reset invalidates everything allocated from the buffer, and calls rewind to set the
// position back. It returns [ErrOpenScope] while a checkpoint is open, and [ErrHeld]
// while the buffer is held. It records the caller of the buffer's Reset as the place.
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
		l.at.Top.EndsAt(pc)
	}
	l.at.Top.EndsAtCaller(1)
	l.stack[0].epoch.End()
	l.at.Top = l.stack[0].epoch.Stamp()
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
	l.at.Top = l.stack[l.depth].epoch.Stamp()
	l.shared.Rewound(false)
	return lv.mark
}

// refusal returns why the level of cp cannot be ended.
func (l *Levels[M]) refusal(cp memory.Checkpoint) error {
	switch {
	case cp.Owner() != l.owner:
		return ErrForeign
	case !cp.Live():
		return ErrEnded
	}
	return ErrOutOfOrder
}
