package trial

import (
	"context"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// The rules of memory.Releaser.
var (
	Releases       = &Rule{"release", "Release of a live block ends it at once, and no other; its memory may be handed out again, and the end of its scope does nothing more to it."}
	ReleaseRefused = &Rule{"release refused", "Release of a part of a block, of an empty one, of another allocator's, or of one that has ended is false and changes nothing."}
	ReleaseSteady  = &Rule{"release steady", "Epochs of blocks are used again: in the steady state, Alloc and Release allocate nothing."}
)

// TakesBack reports whether what s makes can release single blocks, outside a scope or in one.
func (s Subject) TakesBack() bool {
	ctx := scope.WithAllocator(context.Background(), s.New().Allocator)
	if _, able := memory.ReleaserOf(scope.AllocatorFrom(ctx)); able {
		return true
	}
	able := false
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		_, able = memory.ReleaserOf(scope.AllocatorFrom(ctx))
		return nil
	})
	return able
}

// releaser returns what releases blocks in the innermost scope.
func (m *machine) releaser() (memory.Releaser, bool) {
	return memory.ReleaserOf(scope.AllocatorFrom(m.ctx))
}

// release releases the n-th live block, if it is one that can be.
func (m *machine) release(n int) {
	r, able := m.releaser()
	if !able || m.ledger.Len() == 0 {
		return
	}
	n %= m.ledger.Len()
	e, before := m.ledger.live[n], m.stats()
	if len(e.want) == 0 || !e.block.Stamp.Releasable() {
		return
	}
	m.holes = m.holes || n < m.ledger.Len()-1
	m.trace.add("ok = %s.(memory.Releaser).Release(%s.Bytes(), %s.Stamp)", m.allocator(), e.name(), e.name())
	e.block.Stamp.EndsAt(callsite.Caller(0))
	ok := r.Release(e.block.Bytes(), e.block.Stamp)
	m.trace.note("%v", ok)
	if !ok && m.regions && e.owner != m.owner() { // of a region around, which is another allocator
		e.block.Stamp.EndsAt(0)
		m.ledger.Verify()
		return
	}
	Require(ok, Releases, "Release of %s, which is live, is false", e.name())
	Require(!e.block.Stamp.Live(), Releases, "%s is live after its Release", e.name())
	m.ledger.drop(n)
	if v := find(m.ledger.Verify); v != nil {
		Require(false, Releases, "after Release of %s, %s", e.name(), v.Message)
	}
	Require(m.stats().Used <= before.Used, Releases, "Release of %s changed %d used bytes to %d", e.name(), before.Used, m.stats().Used)
}

// drop forgets the i-th live block, which was released.
func (l *Ledger) drop(i int) {
	l.end(l.live[i])
	l.live = slices.Delete(l.live, i, i+1)
}

// end remembers a block that has ended.
func (l *Ledger) end(e entry) {
	l.dead = append(l.dead, e.block.Stamp)
	l.dead = l.dead[max(0, len(l.dead)-rememberedDead):]
	l.gone = append(l.gone, e)
	l.gone = l.gone[max(0, len(l.gone)-rememberedDead):]
}

// misrelease tries what Release must refuse, chosen by n.
func (m *machine) misrelease(n int) {
	r, able := m.releaser()
	if !able {
		return
	}
	refused := func(what string, mem []byte, s scope.Stamp) {
		before := m.stats()
		m.trace.add("ok = %s.(memory.Releaser).Release(%s)", m.allocator(), what)
		ok := r.Release(mem, s)
		m.trace.note("%v", ok)
		Require(!ok, ReleaseRefused, "Release(%s) is true", what)
		Require(m.stats() == before, ReleaseRefused, "Release(%s) is false, but changed %+v to %+v", what, before, m.stats())
		if v := find(m.ledger.Verify); v != nil {
			Require(false, ReleaseRefused, "Release(%s) is false, but %s", what, v.Message)
		}
	}
	if k := len(m.ledger.gone); k > 0 && n%4 == 0 {
		e := m.ledger.gone[n/4%k]
		refused(e.name().String()+".Bytes(), "+e.name().String()+".Stamp", e.block.Bytes(), e.block.Stamp)
		return
	}
	live := slices.IndexFunc(m.ledger.live, func(e entry) bool { return len(e.want) > 1 && e.block.Stamp.Releasable() })
	if live < 0 {
		return
	}
	e := m.ledger.live[live]
	mem, s, name := e.block.Bytes(), e.block.Stamp, e.name().String()
	switch n % 4 {
	case 1:
		refused(name+".Bytes()[:1], "+name+".Stamp", mem[:1], s)
		refused(name+".Bytes()[1:], "+name+".Stamp", mem[1:], s)
		refused(name+".Bytes()[:0], "+name+".Stamp", mem[:0], s)
	case 2:
		refused(name+".Bytes(), memory.Stamp{}", mem, scope.Stamp{})
		refused("nil, "+name+".Stamp", nil, s)
		if other := slices.IndexFunc(m.ledger.live, func(o entry) bool { return o.number != e.number && len(o.want) > 0 }); other >= 0 {
			o := m.ledger.live[other]
			refused(name+".Bytes(), "+o.name().String()+".Stamp", mem, o.block.Stamp)
		}
	case 3:
		b, err := m.New().Allocator.Alloc(uintptr(len(mem)), 8)
		if err != nil {
			return
		}
		m.trace.add("foreign, err := %s.Alloc(%d, 8)", m.Name, len(mem))
		refused("foreign.Bytes(), foreign.Stamp", b.Bytes(), b.Stamp)
		Require(b.Stamp.Live(), ReleaseRefused, "Release of another allocator's block is false, but ended it")
		refused(name+".Bytes(), foreign.Stamp", mem, b.Stamp)
		refused("foreign.Bytes(), "+name+".Stamp", b.Bytes(), s)
	}
}
