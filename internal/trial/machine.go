package trial

import (
	"context"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A machine runs one program.
type machine struct {
	Subject
	inst     Instance
	a        scope.Allocator
	ctx      context.Context // of the innermost scope
	regions  bool            // scopes are regions of a
	releases bool            // a scope releases what is born in it

	ledger  Ledger
	trace   trace
	open    []openLevel
	ended   []namedCheckpoint
	other   memory.Checkpointer // another allocator
	foreign memory.Checkpoint   // of it, open
	levels  int                 // opened so far; the number of a level is its owner's
	scopes  int                 // open ones
	granted uintptr             // bytes in all
	most    map[class]int       // live at the same time
	allocs  uint64              // blocks in all
	round   int                 // of the innermost loop
	excused bool                // the last refusal, if it was one
	holes   bool                // a block was released before later ones
	stopped bool                // nothing more can be expected
	steps   int                 // made, as a measure of work
}

type openLevel struct {
	namedCheckpoint
	owner  int
	hidden bool // opened by NoEscape, which keeps the checkpoint
}

type namedCheckpoint struct {
	memory.Checkpoint
	number int
}

// A class is blocks that can stand in for each other.
type class struct{ size, align uintptr }

func (c namedCheckpoint) name() name { return name{"cp", c.number} }

func newMachine(s Subject) *machine { return &machine{Subject: s} }

// run runs program, ends what it left open, and returns the first violation.
func (m *machine) run(program Program) *Violation {
	v := find(func() {
		m.begin()
		for _, op := range program {
			m.step(op)
		}
		for len(m.open) > 0 && !m.stopped {
			m.restoreTop()
		}
		if m.Level >= AsBuffer && !m.stopped {
			m.reset()
		}
		if m.inst.Finish != nil {
			m.inst.Finish()
		}
	})
	if v != nil {
		m.trace.note("← %s", v.Rule.Name)
		if m.round > 0 {
			v.Message += fmt.Sprintf(" (in round %d of the loop)", m.round)
		}
	}
	for m.trace.mute = 0; len(m.trace.ends) > 0; {
		m.trace.close()
	}
	return v
}

func (m *machine) begin() {
	m.trace.add("a := %s", m.Name)
	m.inst = m.New()
	m.a = m.inst.Allocator
	m.ctx = scope.WithAllocator(context.Background(), m.a)
	m.most = map[class]int{}
	m.allocs = m.stats().Allocations
	_, m.regions = memory.As[handshake.RegionOpener](m.a)
	_, checkpoints := memory.As[memory.Checkpointer](m.a)
	m.releases = m.regions || checkpoints
}

// checkpointer returns a as one, if that is on trial.
func (m *machine) checkpointer() (memory.Checkpointer, bool) {
	c, ok := m.a.(memory.Checkpointer)
	return c, ok && m.Level >= AsCheckpointer
}

func (m *machine) unwinder() (memory.Unwinder, bool) {
	u, ok := m.a.(memory.Unwinder)
	return u, ok && m.Level >= AsCheckpointer
}

// unwinds reports whether NoEscape can end levels that fn left open.
func (m *machine) unwinds() bool {
	c, _ := memory.As[memory.Checkpointer](m.a)
	_, ok := c.(memory.Unwinder)
	return ok
}

func (m *machine) buffer() (bumper.Buffer, bool) {
	b, ok := m.a.(bumper.Buffer)
	return b, ok && m.Level >= AsBuffer
}

// stats returns the numbers of a buffer, the same ones always of another allocator.
func (m *machine) stats() (s bumper.Stats) {
	if buf, ok := m.buffer(); ok {
		s = buf.Stats()
	}
	return s
}

// owner is who owns what is allocated now.
func (m *machine) owner() int {
	if len(m.open) == 0 {
		return 0
	}
	return m.open[len(m.open)-1].owner
}

func (m *machine) step(op Op) {
	if m.stopped {
		return
	}
	m.steps++
	switch op.Kind {
	case Alloc:
		m.allocate(op.Size, op.Align)
	case Misalloc:
		m.misallocate(op.Size, op.Align)
	case Fill:
		m.fill(op.Size)
	case Write:
		m.write(op.N)
	case Scope:
		m.scope(op.End, op.Body)
	case Loop:
		m.loop(op.N, op.Body)
	case Collect:
		m.collect()
	case ReleaseOne:
		m.release(op.N)
	case Misrelease:
		m.misrelease(op.N)
	default:
		m.stepLevels(op)
	}
	m.checkNumbers()
}

// stepLevels does what only some allocators can.
func (m *machine) stepLevels(op Op) {
	c, ok := m.checkpointer()
	if !ok {
		return
	}
	buf, isBuffer := m.buffer()
	switch op.Kind {
	case Checkpoint:
		m.push(false)
		top := &m.open[len(m.open)-1]
		m.trace.add("%s := a.Checkpoint()", top.name())
		top.Checkpoint = c.Checkpoint()
		Require(top.Live(), Checkpoints, "a new checkpoint is dead")
	case Restore:
		if n := len(m.open); n > 0 && !m.open[n-1].hidden {
			m.restoreTop()
		}
	case Misrestore:
		m.misrestore(c, op.N)
	case Unwind:
		m.unwind(op.N)
	case Reset:
		if isBuffer {
			m.tryReset(buf)
		}
	case Hold:
		if isBuffer {
			m.hold(buf)
		}
	case Trim:
		if trimmer, ok := m.a.(interface{ Trim() }); ok {
			m.trace.add("a.Trim()")
			trimmer.Trim()
			m.ledger.Verify()
		}
	}
}

func (m *machine) push(hidden bool) {
	m.levels++
	m.open = append(m.open, openLevel{namedCheckpoint{number: m.levels}, m.levels, hidden})
}

func (m *machine) pop() openLevel {
	last := len(m.open) - 1
	top := m.open[last]
	m.open = m.open[:last]
	return top
}

func (m *machine) loop(n int, body Program) {
	m.trace.open("}", "for range %d {", n)
	outer, block := m.round, m.ledger.next
	for i := range n {
		m.round = i + 1
		if m.trace.on && i > 0 {
			m.ledger.next = block // so that names are those of the text
		}
		if i == 1 {
			m.trace.mute++
		}
		for _, op := range body {
			m.step(op)
		}
	}
	if n > 1 {
		m.trace.mute--
	}
	m.round = outer
	m.trace.close()
}

func (m *machine) write(n int) {
	if m.ledger.Len() == 0 {
		return
	}
	n %= m.ledger.Len()
	m.trace.add("fill(%s.Bytes(), newPattern())", m.ledger.live[n].name())
	m.ledger.Write(n)
	m.ledger.Verify()
}

// refuses checks that f returns an error, that it matches want if that is known, and
// that nothing has changed.
func (m *machine) refuses(rule *Rule, want error, statement string, f func() error) {
	before := m.stats()
	m.trace.add("err = %s", statement)
	err := f()
	m.trace.note("%v", err)
	Require(err != nil, rule, "%s returns no error", statement)
	Require(want == nil || errors.Is(err, want), rule, "%s returns the error %q, which does not match %q", statement, err, want)
	Require(m.stats() == before, rule, "%s is refused (%v), but changed %+v to %+v", statement, err, before, m.stats())
	for _, level := range m.open {
		Require(level.hidden || level.Live(), rule, "%s is refused (%v), but %s is dead now", statement, err, level.name())
	}
	if v := find(m.ledger.Verify); v != nil {
		Require(false, rule, "%s is refused (%v), but %s", statement, err, v.Message)
	}
	if m.Level == AsCheckpointer { // whose offset shows in the next block only
		if v := find(func() { _, _ = m.alloc(64, 8); m.ledger.Verify() }); v != nil {
			Require(false, rule, "%s is refused (%v), but then %s", statement, err, v.Message)
		}
	}
}
