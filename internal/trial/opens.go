package trial

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// RunOpens interprets code as scopes of a that scope.Open opens and End ends, nested and
// side by side, in order and out of it, and returns the first rule it breaks, with the
// program. Some of the scopes are left to the garbage collector, as many as leaks says.
func RunOpens(a scope.Allocator, leaks int, code []byte) error {
	m := &openMachine{tape: tape{code}, leaks: leaks}
	m.trace.on = true
	err := Find(func() { m.run(a) })
	if v, ok := err.(*Violation); ok {
		m.trace.note("← %s", v.Rule.Name)
		v.Program = m.trace.text()
	}
	return err
}

// JudgeOpens is RunOpens over a fresh allocator, and returns with the violation the
// shortest program found that breaks the same rule.
func JudgeOpens(new func() scope.Allocator, code []byte) error {
	first := RunOpens(new(), 0, code)
	found, ok := first.(*Violation)
	if !ok {
		return first
	}
	steps := 0
	Shrink(code, func(byte) iter.Seq[[]byte] { return func(func([]byte) bool) {} }, func(less []byte) bool {
		if steps += len(less); steps > patience {
			return false
		}
		v, ok := RunOpens(new(), 0, less).(*Violation)
		if ok = ok && v.Rule == found.Rule; ok {
			found = v
		}
		return ok
	})
	return found
}

// An openMachine runs a program of open scopes.
type openMachine struct {
	tape
	ledger Ledger
	trace  trace
	kind   openKind
	buffer bool // its errors are known
	leaks  int  // how many scopes may still be dropped

	root   *openScope
	scopes []*openScope // all but those dropped
	stack  []*openScope // of levels, innermost last; those dropped are among them
	opened int
}

// An openKind is how scopes of an allocator end.
type openKind int

const (
	nothing openKind = iota // nothing is released
	levels                  // in reverse order
	regions                 // in any order
)

// openScope is the model of one Scope.
type openScope struct {
	ctx    context.Context // nil once dropped
	s      *scope.Scope    // nil for the root
	parent *openScope
	number int
	live   bool
	fixed  bool // of a NoEscape
	late   uint64
}

func (o *openScope) name() name {
	if o.s == nil {
		return name{"ctx", 0}
	}
	return name{"ctx", o.number}
}

// within reports whether o is p, or was opened within it.
func (o *openScope) within(p *openScope) bool {
	for ; o != nil; o = o.parent {
		if o == p {
			return true
		}
	}
	return false
}

func (m *openMachine) run(a scope.Allocator) {
	m.trace.add("ctx0 := scope.WithAllocator(context.Background(), new())")
	m.root = &openScope{ctx: scope.WithAllocator(context.Background(), a), live: true}
	if c, ok := memory.As[memory.Checkpointer](a); ok {
		m.kind, m.buffer = levels, handshake.SharingOf(c) != nil
	} else if _, ok := memory.As[handshake.RegionOpener](a); ok {
		m.kind = regions
	}
	for !m.done() {
		m.step()
	}
	for i := len(m.scopes) - 1; i >= 0; i-- {
		m.end(m.scopes[i])
	}
	m.open(m.root) // which ends what was dropped
	m.end(m.scopes[len(m.scopes)-1])
	Require(len(m.stack) == 0, Opens, "%d levels are left", len(m.stack))
}

func (m *openMachine) step() {
	op := m.next()
	o := m.root
	if n := len(m.scopes); n > 0 && op%4 != 0 {
		o = m.scopes[n-1-int(m.next())%min(n, 8)] // mostly one that lives
	}
	switch op / 4 % 16 {
	case 0, 1, 2:
		m.open(o)
	case 3, 4, 5:
		m.end(o)
	case 6:
		m.noEscape(o)
	case 7:
		m.extend(o)
	case 8:
		if m.leaks > 0 && m.next()%4 == 0 {
			m.drop(o)
		}
	default:
		m.alloc(o.ctx, o)
	}
}

// inTime reports whether an allocation in o is none that is late.
func (m *openMachine) inTime(o *openScope) bool {
	return o.live && (m.kind != levels || o.s == nil || m.stack[len(m.stack)-1] == o)
}

// owner is who owns what is allocated in o in time.
func (m *openMachine) owner(o *openScope) int {
	switch {
	case m.kind == nothing, o.s == nil && (m.kind == regions || len(m.stack) == 0):
		return sharedOwner
	case o.s == nil: // the context of an unlocked buffer allocates in the innermost scope
		return m.stack[len(m.stack)-1].number
	}
	return o.number
}

// alloc allocates in ctx, which is o's or derived from it.
func (m *openMachine) alloc(ctx context.Context, o *openScope) {
	size, align := m.size(), m.align()
	m.trace.add("_, err = scope.AllocatorFrom(%s).Alloc(%s, %s)", o.name(), count(size), count(align))
	if m.inTime(o) {
		_, err := m.ledger.Alloc(scope.AllocatorFrom(ctx).Alloc, m.owner(o), size, align)
		Require(err == nil || size != 0, Empty, "Alloc(0, %d): %v", align, err)
	} else {
		o.late++
		b, err := m.ledger.Alloc(scope.AllocatorFrom(ctx).Alloc, lateOwner, size, align)
		Require(b.Stamp == scope.Stamp{}, Opens, "a late block is not of the heap")
		Require(err == nil || size >= absurd || align >= absurd, Room, "a late Alloc(%d, %d): %v", size, align, err)
	}
	m.checkLate(o)
}

func (m *openMachine) checkLate(o *openScope) {
	Require(o.s == nil || o.s.Late() == o.late, Opens, "Late of %s is not %d", o.name(), o.late)
}

// extend lengthens one of the last blocks, which an allocator may refuse.
func (m *openMachine) extend(o *openScope) {
	e, ok := scope.AllocatorFrom(o.ctx).(memory.Extender)
	n := m.ledger.Len()
	if !ok || n == 0 {
		return
	}
	i := n - 1 - int(m.next())%min(n, 3)
	size := m.size()
	m.trace.add("_, ok = scope.AllocatorFrom(%s).(memory.Extender).Extend(%s, %s)", o.name(), m.ledger.live[i].name(), count(size))
	owner := m.ledger.live[i].owner
	if m.ledger.Extend(e, i, size) && m.kind != nothing {
		Require(m.inTime(o) && owner == m.owner(o), Extends, "a block of another scope became longer")
	}
}

// open opens a scope with the context of o.
func (m *openMachine) open(o *openScope) {
	m.opened++
	m.trace.add("ctx%d, s%d := scope.Open(%s)", m.opened, m.opened, o.name())
	child := &openScope{parent: o, number: m.opened, live: o.live}
	var ended []*openScope
	if o.live {
		ended = m.endDropped()
	}
	child.ctx, child.s = scope.Open(o.ctx)
	m.ended(ended)
	m.scopes = append(m.scopes, child)
	if o.live && m.kind == levels {
		m.stack = append(m.stack, child)
	}
	m.checkLate(child)
}

// end ends o, or sees that it is refused.
func (m *openMachine) end(o *openScope) {
	if o.s == nil {
		return
	}
	if !o.live {
		m.trace.add("err = s%d.End()", o.number)
		err := o.s.End()
		Require(err == nil, Opens, "End of a scope that has ended: %v", err)
		m.ledger.Verify()
		return
	}
	dropped := m.endDropped()
	var family []*openScope
	inOrder := m.kind == levels
	for _, other := range slices.Concat(m.scopes, m.stack) {
		if other.live && !other.fixed && other.within(o) && !slices.Contains(family, other) {
			family = append(family, other)
		}
	}
	if i := slices.Index(m.stack, o); m.kind == levels {
		for _, above := range m.stack[i:] {
			inOrder = inOrder && !above.fixed && above.within(o)
		}
	}
	if m.kind == levels && !inOrder {
		m.refuse(o, len(family), dropped)
		return
	}
	m.trace.add("err = s%d.End()", o.number)
	err := o.s.End()
	m.trace.note("%v", err)
	Require(err == nil, Opens, "End: %v", err)
	m.stack = slices.DeleteFunc(m.stack, func(other *openScope) bool { return other.within(o) })
	m.ended(append(dropped, family...))
}

// refuse ends o out of order.
func (m *openMachine) refuse(o *openScope, family int, dropped []*openScope) {
	if !m.buffer && family > 1 {
		m.ended(dropped)
		return // only a buffer can tell before it has begun to end them
	}
	m.trace.add("err = s%d.End()", o.number)
	err := o.s.End()
	m.trace.note("%v", err)
	Require(err != nil, Order, "End of ctx%d out of order returns no error", o.number)
	Require(!m.buffer || errors.Is(err, bumper.ErrOutOfOrder), Order, "End out of order returns %v", err)
	m.ended(dropped)
	m.ledger.Verify()
}

// ended says that scopes are no more.
func (m *openMachine) ended(scopes []*openScope) {
	var owners []int
	for _, o := range scopes {
		o.live = false
		owners = append(owners, o.number)
	}
	m.ledger.End(owners...)
}

// endDropped takes dropped scopes off the top of the stack, which the next operation
// ends, and returns them.
func (m *openMachine) endDropped() (ended []*openScope) {
	for n := len(m.stack); m.buffer && n > 0 && m.stack[n-1].ctx == nil; n-- {
		ended = append(ended, m.stack[n-1])
		m.stack = m.stack[:n-1]
	}
	return ended
}

// noEscape opens another kind of scope in o, and in it one that it leaves open, if it may.
func (m *openMachine) noEscape(o *openScope) {
	inside := &openScope{ctx: o.ctx, parent: o, live: o.live, fixed: true}
	var dropped []*openScope
	if o.live && m.kind == levels {
		m.opened++
		inside.number = m.opened
		dropped = m.endDropped()
		m.stack = append(m.stack, inside)
	} else if m.kind == regions && o.live {
		m.opened++
		inside.number = m.opened
	}
	outer, times := int(m.next()), int(m.next()%4)
	m.trace.open("})", "err = scope.NoEscape(%s, func(ctx context.Context) error {", o.name())
	err := scope.NoEscape(o.ctx, func(ctx context.Context) error {
		m.ended(dropped)
		for range times {
			m.allocInside(ctx, o, inside)
		}
		if n := len(m.scopes); n > 0 && m.kind == levels {
			if other := m.scopes[outer%n]; other.live && o.live {
				m.end(other) // which is refused
			}
		}
		if m.kind == regions && outer%2 == 0 {
			m.leaveOpen(ctx, inside)
		}
		return nil
	})
	m.trace.close()
	inside.ctx = nil // which would keep the Scope reachable
	Require(err == nil, Endings, "NoEscape: %v", err)
	if inside.number == 0 {
		return // nothing was released
	}
	if m.kind == levels {
		m.stack = m.stack[:len(m.stack)-1]
	}
	gone := []*openScope{inside}
	for _, child := range m.scopes {
		if child.parent == inside {
			gone = append(gone, child)
		}
	}
	m.ended(gone)
}

// allocInside allocates in a NoEscape within o.
func (m *openMachine) allocInside(ctx context.Context, o, inside *openScope) {
	if o.live && m.kind != nothing {
		size, align := m.size(), m.align()
		m.trace.add("_, err = scope.AllocatorFrom(ctx).Alloc(%s, %s)", count(size), count(align))
		_, _ = m.ledger.Alloc(scope.AllocatorFrom(ctx).Alloc, inside.number, size, align)
		m.checkLate(o)
		return
	}
	m.alloc(ctx, o)
}

// leaveOpen opens a scope in a NoEscape that ends it.
func (m *openMachine) leaveOpen(ctx context.Context, inside *openScope) {
	m.opened++
	m.trace.add("ctx%d, s%d := scope.Open(ctx)", m.opened, m.opened)
	child := &openScope{parent: inside, number: m.opened, live: inside.live}
	child.ctx, child.s = scope.Open(ctx)
	m.scopes = append(m.scopes, child)
	m.alloc(child.ctx, child)
}

// drop forgets o and what was opened within it, and waits until the garbage collector has
// found them.
func (m *openMachine) drop(o *openScope) {
	if o.s == nil {
		return
	}
	want := scope.Leaks()
	var lost []*openScope
	for _, other := range m.scopes {
		if other.within(o) {
			lost = append(lost, other)
			if other.live {
				want++
			}
		}
	}
	m.leaks -= len(lost)
	m.scopes = slices.DeleteFunc(m.scopes, func(other *openScope) bool { return other.within(o) })
	for _, other := range lost {
		m.trace.add("ctx%d, s%d = nil, nil", other.number, other.number)
		other.ctx, other.s = nil, nil
	}
	m.trace.add("runtime.GC()")
	for deadline := time.Now().Add(20 * time.Second); scope.Leaks() < want; time.Sleep(time.Millisecond) {
		Require(time.Now().Before(deadline), Opens, "the garbage collector does not find %s", o.name())
		runtime.GC()
	}
	if m.kind != levels {
		m.ended(lost)
	}
	m.ledger.Verify()
}
