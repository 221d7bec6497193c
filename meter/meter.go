package meter

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Meter is an instrument around an allocator. Put it into a context in the allocator's
// place: it stays in force in all scopes, and package scope finds the allocator's abilities
// through it. It is as safe for concurrent use as what it is around.
//
// Meters may be around one another. Make one with [New]; it must not be copied.
type Meter struct {
	inner scope.Allocator
	limit *Limit // nil if there is none
	core  *core

	// How scopes are opened, for all that is behind the meter; at most one is not nil.
	checkpointer memory.Checkpointer
	sharing      *handshake.Sharing // of the checkpointer, if it is a buffer
	opener       handshake.RegionOpener
	behind       handshake.RegionOpener // what opener opens regions of; nil for plain regions
	between      bool                   // allocators of others stand before behind

	levels *levels // the open scopes of an unlocked buffer; nil for others
}

var (
	_ memory.Wrapper       = (*Meter)(nil)
	_ handshake.Instrument = (*Meter)(nil)
)

// core is what a meter does and counts, in all scopes and around whatever it is put.
type core struct {
	log         *slog.Logger
	slow        time.Duration
	large       int
	trace       *tracer
	onExhausted func(Request) bool
	fallback    bool
	zero        bool
	faults      faults

	refused, retried, heapBlocks, heapBytes atomic.Uint64
}

// New returns a meter around a. It panics if a is nil.
func New(a scope.Allocator, opts ...Option) *Meter {
	if a == nil {
		panic("meter: New around a nil Allocator")
	}
	m := &Meter{inner: a, core: new(core)}
	for _, o := range opts {
		o(m)
	}
	m.findScopes()
	return m
}

// Within returns a meter that is m but charges l: for a request, whose limit is below that
// of m. What m and it count is one. It panics if m has a limit and l is not below it.
func (m *Meter) Within(l *Limit) *Meter {
	if m.limit != nil && !l.below(m.limit) {
		panic(fmt.Sprintf("meter: Within limit %q, which is not below %q", l.name, m.limit.name))
	}
	n := m.around(m.inner, l)
	n.levels = m.levels
	return n
}

// around returns a meter with m's core around another allocator.
func (m *Meter) around(inner scope.Allocator, l *Limit) *Meter {
	n := &Meter{inner: inner, limit: l, core: m.core}
	n.findScopes()
	return n
}

// findScopes finds the first allocator behind m that can open scopes.
func (m *Meter) findScopes() {
	s, by := handshake.FindScopes(m.inner)
	m.between = by != nil && by != m.inner
	switch {
	case s.Checkpointer != nil:
		m.checkpointer, m.sharing, m.levels = m.watched(s.Checkpointer), s.Sharing, new(levels)
	case s.Opener != nil:
		m.behind, m.opener = s.Opener, (*opener)(m)
	case m.limit != nil || m.core.log != nil || m.core.trace != nil:
		m.opener = (*opener)(m)
	}
}

// Scopes is for package scope.
func (m *Meter) Scopes() handshake.Scopes {
	return handshake.Scopes{Checkpointer: m.checkpointer, Sharing: m.sharing, Opener: m.opener}
}

// Unwrap returns the allocator that m is around.
func (m *Meter) Unwrap() scope.Allocator { return m.inner }

// Rewrap returns a meter that is m around another allocator; what they count is one.
func (m *Meter) Rewrap(inner scope.Allocator) scope.Allocator {
	n := m.around(inner, m.limit)
	if n.checkpointer != nil && n.sharing == m.sharing { // the same buffer
		n.levels = m.levels
	}
	return n
}

// Alloc allocates from the allocator that m is around, outside every region. See
// [memory.Allocator] for the contract.
func (m *Meter) Alloc(size, align uintptr) (memory.Block, error) {
	var k keeper
	if m.limit != nil {
		k = &m.limit.blocks
	}
	b, err := m.alloc((*account)(m), k, m.levels.current(), size, align)
	m.levels.count(b, err)
	return b, err
}

// A charger is what is charged for single blocks: the part of a handshake.Account that it
// takes.
type charger interface {
	Charge(least, most, spare int) (int, error)
	Discharge(n int)
	Exhausted(size, align uintptr, attempt int, err error) (memory.Block, bool, error)
}

// A keeper keeps the charges of blocks that are charged one by one.
type keeper interface {
	keep(b memory.Block, n int)
}

// alloc allocates from the allocator that m is around. It charges the block to a, to be
// kept by k, unless that is nil.
func (m *Meter) alloc(a charger, k keeper, in *mark, size, align uintptr) (memory.Block, error) {
	_ = memory.Alignment(size, align) // panics while nothing is charged
	for attempt := 1; ; attempt++ {
		err := m.core.faults.inject(size)
		var b memory.Block
		if err == nil {
			b, err = m.tryAlloc(a, k, size, align)
		}
		if errors.Is(err, scope.ErrExhausted) {
			var retry bool
			if b, retry, err = a.Exhausted(size, align, attempt, err); retry {
				continue
			}
		}
		return m.finish(b, in.number(), size, align, err)
	}
}

// finish is what happens to each block: it is cleared and traced.
func (m *Meter) finish(b memory.Block, scopeID uint64, size, align uintptr, err error) (memory.Block, error) {
	if m.core.zero && err == nil {
		clear(b.Bytes())
	}
	if m.core.trace != nil {
		m.core.trace.alloc(scopeID, size, align, err)
	}
	return b, err
}

// tryAlloc is one attempt of alloc.
func (m *Meter) tryAlloc(a charger, k keeper, size, align uintptr) (b memory.Block, err error) {
	if k == nil {
		return m.inner.Alloc(size, align)
	}
	if size > maxSize {
		return b, &scope.ExhaustedError{Allocator: "meter", Requested: size, Available: maxSize, Limit: maxSize}
	}
	n := int(size)
	if _, err = a.Charge(n, n, 0); err != nil {
		return b, err
	}
	kept := false
	defer func() { // also when the allocator panics
		if !kept {
			a.Discharge(n)
		}
	}()
	if b, err = m.inner.Alloc(size, align); err == nil {
		k.keep(b, n)
		kept = true
	}
	return b, err
}

// maxSize bounds one block, so that no sum of sizes overflows.
const maxSize = ^uintptr(0) >> 3

// exhausted is called when an allocation has failed, while no lock is held.
func (m *Meter) exhausted(size, align uintptr, attempt int, err error) (b memory.Block, retry bool, final error) {
	c := m.core
	if c.onExhausted != nil && c.onExhausted(Request{Size: size, Align: align, Attempt: attempt, Err: err}) {
		c.retried.Add(1)
		return b, true, nil
	}
	if c.fallback {
		if b, fallen := scope.Heap().Alloc(size, align); fallen == nil {
			c.heapBlocks.Add(1)
			c.heapBytes.Add(uint64(size))
			return b, false, nil
		}
	}
	c.refused.Add(1)
	countRefusal(err)
	return b, false, err
}

// Stats tells what a meter has done, with all meters made from it by [Meter.Within].
type Stats struct {
	Limit      LimitStats // of the limit, which others may share; zero if there is none
	Refused    uint64     // allocations that failed because memory was exhausted
	Retried    uint64     // attempts made because OnExhausted asked for them
	Injected   uint64     // failures of Fail and FailRandomly
	TraceError error      // why Trace has stopped

	HeapBlocks, HeapBytes uint64 // from the Go heap, because of Fallback
}

// Stats tells what m has done.
func (m *Meter) Stats() Stats {
	c := m.core
	s := Stats{
		Refused: c.refused.Load(), Retried: c.retried.Load(),
		HeapBlocks: c.heapBlocks.Load(), HeapBytes: c.heapBytes.Load(), Injected: c.faults.injected.Load(),
	}
	if m.limit != nil {
		s.Limit = m.limit.Stats()
	}
	if c.trace != nil {
		s.TraceError = c.trace.failure()
	}
	return s
}

// String tells the numbers, and the allocator, in one line.
func (m *Meter) String() string {
	s := m.Stats()
	text := fmt.Sprintf("meter of %s: %d refused, %d retried, %d blocks (%d bytes) from the heap", nameOf(m.inner), s.Refused, s.Retried, s.HeapBlocks, s.HeapBytes)
	if m.limit != nil {
		text += "; " + m.limit.String()
	}
	return text
}

// nameOf names an allocator in a message.
func nameOf(a scope.Allocator) string {
	if s, ok := a.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", a)
}
