package trial

import (
	"errors"
	"runtime"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// allocator is the expression for what ctx allocates from.
func (m *machine) allocator() string {
	if m.regions && m.scopes > 0 {
		return "scope.AllocatorFrom(ctx)"
	}
	return "a"
}

// alloc asks for a block and has the ledger check it.
func (m *machine) alloc(size, align uintptr) (memory.Block, error) {
	m.trace.add("b%d, err := %s.Alloc(%s, %s)", m.ledger.next, m.allocator(), count(size), count(align))
	m.steps++
	if m.inst.Before != nil {
		m.inst.Before()
	}
	b, err := m.ledger.alloc(scope.AllocatorFrom(m.ctx).Alloc, m.owner(), size, align)
	m.excused = m.Tight
	if m.inst.After != nil && m.inst.After(size, align, b, err) {
		m.excused = true
	}
	if err != nil {
		m.trace.note("%v", err)
		return b, err
	}
	m.allocs++
	m.granted += size
	c := class{size, align}
	m.most[c] = max(m.most[c], m.ledger.count(c))
	return b, nil
}

// allocate allocates, and judges a refusal.
func (m *machine) allocate(size, align uintptr) {
	before, need := m.stats(), m.ledger.need()
	_, err := m.alloc(size, align)
	if err == nil {
		m.ledger.Verify()
		return
	}
	Require(size != 0, Empty, "Alloc(0, %s): %v", count(align), err)
	if v := find(m.ledger.Verify); v != nil {
		Require(false, Unchanged, "Alloc(%s, %s) is refused (%v), but %s", count(size), count(align), err, v.Message)
	}
	after := m.stats()
	Require(after.Used == before.Used && after.Allocations == before.Allocations, Unchanged,
		"a refused Alloc(%s, %s) changed %+v to %+v", count(size), count(align), before, after)
	if size < absurd && align < absurd {
		m.judgeRefusal(need, size, align, err)
	}
	m.probeAvailable(size, err)
}

// judgeRefusal checks that an allocator whose live blocks need so many bytes had
// reason to refuse size more.
func (m *machine) judgeRefusal(need, size, align uintptr, err error) {
	if m.excused {
		return
	}
	if m.Level >= AsBuffer {
		m.judgeLimit(size, align, err)
	}
	more := size + max(align, 64)
	if more > m.Room*5/8 || need > 0 && need+more > m.Room/4 || m.regions && m.scopes > 2 || m.holes && need > 0 {
		return
	}
	c := class{size, align}
	Require(m.ledger.count(c) >= m.most[c], Reuse, "Alloc(%s, %s) is refused although such a block was released: %v", count(size), count(align), err)
	Require(m.granted > 0 && m.granted+more > m.Room/4, Room, "Alloc(%s, %s) is refused after %d bytes were granted: %v", count(size), count(align), m.granted, err)
}

// judgeLimit compares a refusal with what Stats says about the buffer.
func (m *machine) judgeLimit(size, align uintptr, err error) {
	s := m.stats()
	Require(s.Limit > 0, Numbers, "a buffer whose Stats tell no limit refuses Alloc(%s, %s): %v", count(size), count(align), err)
	most := uintptr(s.Limit)
	Require(s.Used > 0 || size > most || align > most || size+align+512 > most, Room,
		"an empty buffer of limit %d refuses Alloc(%s, %s): %v", s.Limit, count(size), count(align), err)
}

// probeAvailable checks the numbers in a refusal: what it says is available, is.
func (m *machine) probeAvailable(size uintptr, err error) {
	var e *scope.ExhaustedError
	if m.Level < AsBuffer || m.excused || !errors.As(err, &e) {
		return
	}
	Require(e.Limit == uintptr(m.stats().Limit), Exhausted, "the limit is %d, but the error says: %v", m.stats().Limit, err)
	if little := min(e.Available, 63); little > 0 && m.Exact {
		_, again := m.alloc(little, 1)
		Require(again == nil, Exhausted, "%d bytes are refused after: %v", little, err)
	}
}

// misallocate asks for an alignment that is no power of two.
func (m *machine) misallocate(size, align uintptr) {
	m.trace.add("_, _ = %s.Alloc(%s, %s)", m.allocator(), count(size), count(align))
	a := scope.AllocatorFrom(m.ctx)
	v := panicOf(func() { _, _ = a.Alloc(size, align) })
	m.trace.note("panic: %v", v)
	Require(v != nil, PowerOfTwo, "Alloc(%s, %s) does not panic", count(size), count(align))
	if v := find(func() { m.allocate(8, 8) }); v != nil {
		Require(false, PowerOfTwo, "after the panic, %s: %s", v.Rule.Name, v.Message)
	}
}

// fill allocates until the allocator is full, or has given four times what it must
// have. A full one stays full.
func (m *machine) fill(size uintptr) {
	m.trace.open("}", "for err == nil { // up to %d bytes", 4*m.Room)
	full, mute := false, m.trace.mute
	for given := uintptr(0); given < 4*m.Room && !full; given += max(size, 1<<10) {
		before := m.stats()
		_, err := m.alloc(size, 1)
		if full = err != nil; full {
			after := m.stats()
			Require(after.Used == before.Used && after.Allocations == before.Allocations, Unchanged,
				"a refused Alloc(%d, 1) changed %+v to %+v", size, before, after)
		}
		m.trace.mute = mute + 1
	}
	m.trace.mute = mute
	m.trace.close()
	m.ledger.Verify()
	for range 3 * btoi(full && !m.excused) {
		_, err := m.alloc(size, 1)
		Require(err != nil, Unchanged, "Alloc(%d, 1) is granted after a refusal, though nothing was released in between", size)
		m.ledger.Verify()
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// collect collects garbage: what only the allocator knew of must survive.
func (m *machine) collect() {
	m.trace.add("runtime.GC()")
	runtime.GC()
	m.ledger.Verify()
}
