package trial

import (
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// restoreTop ends the innermost level.
func (m *machine) restoreTop() {
	c, _ := m.checkpointer()
	top := m.pop()
	m.trace.add("err = a.Restore(%s)", top.name())
	Require(top.Live(), Checkpoints, "%s is dead before its level has ended", top.name())
	err := c.Restore(top.Checkpoint)
	m.trace.note("%v", err)
	Require(err == nil, Checkpoints, "Restore of the innermost level: %v", err)
	Require(!top.Live(), Checkpoints, "%s is live after its level has ended", top.name())
	m.ended = append(m.ended, top.namedCheckpoint)
	m.ledger.End(top.owner)
}

// misrestore restores what must be refused, and unwinds it.
func (m *machine) misrestore(c memory.Checkpointer, n int) {
	rule, name, cp, want := m.wrong(n)
	m.refuses(rule, m.errorOfBuffers(want), "a.Restore("+name+")", func() error { return c.Restore(cp) })
	if u, ok := m.unwinder(); ok && rule != Order {
		m.refuses(Unwinding, m.errorOfBuffers(want), "a.Unwind("+name+")", func() error { return u.Unwind(cp) })
	}
	if m.foreign.Stamp != (scope.Stamp{}) {
		Require(m.foreign.Live(), Foreign, "the checkpoint of another allocator is dead after the refusal")
	}
}

// wrong chooses a checkpoint that must not be restored now.
func (m *machine) wrong(n int) (rule *Rule, name string, cp memory.Checkpoint, want error) {
	var lower []openLevel
	for i := range max(0, len(m.open)-1) {
		if !m.open[i].hidden {
			lower = append(lower, m.open[i])
		}
	}
	switch {
	case n%4 == 1 && len(m.ended) > 0:
		c := m.ended[n%len(m.ended)]
		return Ended, c.name().String(), c.Checkpoint, bumper.ErrEnded
	case n%4 > 1 && len(lower) > 0:
		c := lower[n%len(lower)]
		return Order, c.name().String(), c.Checkpoint, bumper.ErrOutOfOrder
	case n%8 == 4:
		return Foreign, "memory.Checkpoint{}", memory.Checkpoint{}, bumper.ErrForeign
	}
	if m.other == nil {
		m.trace.add("foreign := %s.Checkpoint()", m.Name)
		m.other = m.New().Allocator.(memory.Checkpointer)
		m.foreign = m.other.Checkpoint()
	}
	return Foreign, "foreign", m.foreign, bumper.ErrForeign
}

// errorOfBuffers returns err if a is a buffer: others are free to choose theirs.
func (m *machine) errorOfBuffers(err error) error {
	if m.Level < AsBuffer {
		return nil
	}
	return err
}

// unwind ends the n-th level from the innermost, of those above the last NoEscape.
func (m *machine) unwind(n int) {
	u, ok := m.unwinder()
	free := 0
	for free < len(m.open) && !m.open[len(m.open)-1-free].hidden {
		free++
	}
	if !ok || free == 0 {
		return
	}
	n = n%free + 1
	lowest := m.open[len(m.open)-n]
	m.trace.add("err = a.Unwind(%s)", lowest.name())
	err := u.Unwind(lowest.Checkpoint)
	m.trace.note("%v", err)
	Require(err == nil, Unwinding, "Unwind of an open level: %v", err)
	var owners []int
	for range n {
		top := m.pop()
		Require(!top.Live(), Unwinding, "%s is live after Unwind(%s)", top.name(), lowest.name())
		m.ended = append(m.ended, top.namedCheckpoint)
		owners = append(owners, top.owner)
	}
	m.ledger.End(owners...)
}

func (m *machine) tryReset(buf bumper.Buffer) {
	if len(m.open) > 0 {
		m.refuses(Resets, bumper.ErrOpenScope, "a.Reset()", buf.Reset)
		return
	}
	m.reset()
}

// reset releases everything.
func (m *machine) reset() {
	buf, _ := m.buffer()
	before := buf.Stats().Resets
	m.trace.add("err = a.Reset()")
	err := buf.Reset()
	m.trace.note("%v", err)
	Require(err == nil, Resets, "Reset: %v", err)
	s := buf.Stats()
	Require(s.Used == 0, Resets, "after Reset %d bytes are used", s.Used)
	Require(s.Resets == before+1, Resets, "%d resets became %d", before, s.Resets)
	if v := find(func() { m.ledger.End(0) }); v != nil {
		Require(false, Resets, "after Reset, %s", v.Message)
	}
	m.checkNumbers()
}

// checkNumbers checks that a buffer's numbers go together.
func (m *machine) checkNumbers() {
	buf, ok := m.buffer()
	if !ok {
		return
	}
	s := buf.Stats()
	Require(0 <= s.Used && s.Used <= s.Capacity, Numbers, "used %d of capacity %d", s.Used, s.Capacity)
	Require(s.Used <= s.HighWater, Numbers, "used %d is above high water %d", s.Used, s.HighWater)
	Require(s.Limit == 0 || s.Capacity <= s.Limit, Numbers, "capacity %d is above limit %d", s.Capacity, s.Limit)
	Require(s.Allocations == m.allocs, Numbers, "%d allocations are counted as %d", m.allocs, s.Allocations)
	live := 0
	for _, e := range m.ledger.live {
		if e.block.Stamp != (scope.Stamp{}) {
			live += len(e.want)
		}
	}
	Require(s.Used >= live, Numbers, "%d bytes are live, but only %d used", live, s.Used)
}

// hold tries what a held buffer must refuse.
func (m *machine) hold(buf bumper.Buffer) {
	sharing := handshake.SharingOf(buf)
	m.trace.add("// a region of a opens")
	sharing.Hold()
	Require(handshake.SharingOf(buf).Held(), Holding, "the buffer is not held after Hold")
	m.refuses(Holding, bumper.ErrHeld, "a.Reset()", buf.Reset)
	inGoroutine(func() { m.refuses(Holding, bumper.ErrHeld, "a.Reset()", buf.Reset) })
	if n := len(m.open); n > 0 && !m.open[n-1].hidden {
		top := m.open[n-1]
		m.refuses(Holding, bumper.ErrHeld, fmt.Sprintf("a.Restore(%s)", top.name()), func() error { return buf.Restore(top.Checkpoint) })
		if u, ok := m.unwinder(); ok {
			m.refuses(Holding, bumper.ErrHeld, fmt.Sprintf("a.Unwind(%s)", top.name()), func() error { return u.Unwind(top.Checkpoint) })
		}
	}
	sharing.Hold()
	sharing.Unhold()
	m.refuses(Holding, bumper.ErrHeld, "a.Reset()", buf.Reset)
	m.trace.add("// the region of a ends")
	sharing.Unhold()
	Require(!sharing.Held(), Holding, "the buffer is held after the last Unhold")
}

var errEnding = errors.New("scopetest: the scope ends early")
