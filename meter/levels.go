package meter

import (
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// levels are the open scopes of an unlocked buffer, for Log and Trace.
type levels struct {
	open  []level
	visit *visit // of the outermost, for Log
}

type level struct {
	checkpoint memory.Checkpoint
	mark       *mark
	bytes      int                  // of blocks
	single     map[memory.Stamp]int // of those that can be released
}

// current returns the innermost scope for the trace, nil outside all.
func (l *levels) current() *mark {
	if l == nil || len(l.open) == 0 {
		return nil
	}
	return l.open[len(l.open)-1].mark
}

// count notes an allocation.
func (l *levels) count(b memory.Block, err error) {
	if l == nil || l.visit == nil {
		return
	}
	if err != nil {
		l.visit.fail(err)
		return
	}
	n, top := len(b.Bytes()), &l.open[len(l.open)-1]
	top.bytes += n
	l.visit.hold(n)
	if n > 0 && b.Stamp.Releasable() {
		if top.single == nil {
			top.single = map[memory.Stamp]int{}
		}
		top.single[b.Stamp] = n
	}
}

// release notes that a block was released, in whatever level it was allocated.
func (l *levels) release(s memory.Stamp) {
	if l == nil || l.visit == nil {
		return
	}
	for i := len(l.open) - 1; i >= 0; i-- {
		if n := l.open[i].single[s]; n > 0 {
			delete(l.open[i].single, s)
			l.open[i].bytes -= n
			l.visit.used.Add(int64(-n))
			return
		}
	}
}

// watched returns c, or c with what m does at the begin and the end of a level.
func (m *Meter) watched(c memory.Checkpointer) memory.Checkpointer {
	if m.limit == nil && m.core.log == nil && m.core.trace == nil {
		return c
	}
	return &checkpointer{c, m}
}

// mark returns a mark below parent, or nil if m writes no trace.
func (m *Meter) mark(parent *mark) *mark {
	if m.core.trace == nil {
		return nil
	}
	return &mark{t: m.core.trace, parent: parent, open: true}
}

// checkpointer is an unlocked buffer, or a third party's, whose levels a meter watches.
type checkpointer struct {
	memory.Checkpointer
	m *Meter
}

func (c *checkpointer) Unwrap() memory.Allocator { return c.Checkpointer }

func (c *checkpointer) Checkpoint() memory.Checkpoint {
	cp, l := c.Checkpointer.Checkpoint(), c.m.levels
	if c.m.core.log != nil && len(l.open) == 0 {
		l.visit = newVisit(c.m)
	}
	l.open = append(l.open, level{checkpoint: cp, mark: c.m.mark(l.current())})
	return cp
}

func (c *checkpointer) Restore(cp memory.Checkpoint) error {
	defer c.ended(cp)
	return c.Checkpointer.Restore(cp)
}

// Unwind is Restore for a level above which others were left open. A buffer that cannot do
// that leaves them open.
func (c *checkpointer) Unwind(cp memory.Checkpoint) error {
	defer c.ended(cp)
	if u, ok := c.Checkpointer.(memory.Unwinder); ok {
		return u.Unwind(cp)
	}
	return nil
}

// ended ends the levels from cp's on, if that has ended, and discharges what was born there.
func (c *checkpointer) ended(cp memory.Checkpoint) {
	if cp.Live() {
		return
	}
	l := c.m.levels
	for i, level := range l.open {
		if level.checkpoint != cp {
			continue
		}
		for n := len(l.open) - 1; n >= i; n-- {
			if l.open[n].mark != nil {
				l.open[n].mark.end(true)
			}
			if l.visit != nil {
				l.visit.used.Add(int64(-l.open[n].bytes))
			}
		}
		if l.open = l.open[:i]; i == 0 && l.visit != nil {
			l.visit.Leave()
			l.visit = nil
		}
		break
	}
	if c.m.limit != nil {
		c.m.limit.blocks.sweep()
	}
}
