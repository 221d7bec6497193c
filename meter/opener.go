package meter

import (
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// opener is a meter as it opens regions, of what is behind it.
type opener Meter

var _ handshake.RegionOpener = (*opener)(nil)

func (o *opener) Alloc(size, align uintptr) (memory.Block, error) {
	return (*Meter)(o).Alloc(size, align)
}

// Unwrap returns the meter.
func (o *opener) Unwrap() scope.Allocator { return (*Meter)(o) }

// AllocLate allocates from the heap, for a scope that has ended. It is nobody's.
func (o *opener) AllocLate(size, align uintptr) (memory.Block, error) {
	if o.behind != nil {
		return o.behind.AllocLate(size, align)
	}
	return scope.Heap().Alloc(size, align)
}

// OpenRegion opens a region whose account is that of the meter, and outer if that is not
// nil. Only a meter that does something for each block stands in its way.
func (o *opener) OpenRegion(outer handshake.Account) (handshake.Region, handshake.Generation, bool) {
	m := (*Meter)(o)
	var a handshake.Account = (*account)(m)
	if m.core.log != nil {
		a = newVisit(m)
	}
	if outer != nil {
		a = outer.Join(a, false)
	}
	if m.behind == nil {
		r := newPlain(m, a, false, nil)
		return r, plainGeneration, true
	}
	if !m.everyBlock() {
		return m.behind.OpenRegion(a)
	}
	charged := a
	if m.between {
		charged = quiet{a}
	}
	r, g, ok := m.behind.OpenRegion(charged)
	if !ok {
		return nil, 0, false
	}
	return newTracked(m, a, r, g, nil), g, true
}

// everyBlock reports whether m does something for each block.
func (m *Meter) everyBlock() bool {
	return m.between || m.core.trace != nil || m.core.zero || m.core.faults.on()
}

var _ handshake.Releasing = (*tracked)(nil)

// tracked is a region whose blocks pass through a meter. It is made for one generation.
type tracked struct {
	handshake.Region
	m       *Meter
	account handshake.Account
	chain   scope.Allocator // the allocators of others, around the region; or nil

	mark mark
}

func newTracked(m *Meter, a handshake.Account, r handshake.Region, g handshake.Generation, parent *mark) *tracked {
	t := &tracked{Region: r, m: m, account: a, mark: mark{t: m.core.trace, parent: parent, open: true}}
	if m.between {
		t.chain = rewrap(m.inner, inRegion{r, g})
	}
	return t
}

func (t *tracked) AllocIn(g handshake.Generation, size, align uintptr) (memory.Block, error) {
	for attempt := 1; ; attempt++ {
		var b memory.Block
		err := t.m.core.faults.inject(size)
		open := err != nil // what to do about the failure is not decided yet
		if err == nil && t.chain != nil {
			b, err = t.chain.Alloc(size, align)
			open = true
		} else if err == nil {
			b, err = t.Region.AllocIn(g, size, align)
		}
		if open && errors.Is(err, scope.ErrExhausted) {
			var retry bool
			if b, retry, err = t.account.Exhausted(size, align, attempt, err); retry {
				continue
			}
		}
		return t.m.finish(b, t.mark.number(), size, align, err)
	}
}

// ExtendIn lengthens no block: a longer one is allocated, and seen.
func (t *tracked) ExtendIn(_ handshake.Generation, b memory.Block, _ uintptr) (memory.Block, bool) {
	return b, false
}

// Releaser is the region's: a block is released where it was allocated.
func (t *tracked) Releaser(g handshake.Generation) memory.Releaser {
	if able, ok := t.Region.(handshake.Releasing); ok {
		return able.Releaser(g)
	}
	return nil
}

func (t *tracked) OpenSub(g handshake.Generation, a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	r, g, ok := t.Region.OpenSub(g, a)
	if !ok {
		return nil, 0, false
	}
	both := t.account
	if a != nil {
		both = a.Join(both, true)
	}
	return newTracked(t.m, both, r, g, &t.mark), g, true
}

func (t *tracked) Reopen(g handshake.Generation) bool {
	ok := t.Region.Reopen(g)
	if ok {
		t.mark.start()
	}
	return ok
}

func (t *tracked) Close(g handshake.Generation, pc uintptr) {
	t.Region.Close(g, pc)
	t.mark.end(true)
}

func (t *tracked) Release(g handshake.Generation) {
	t.Region.Release(g)
	t.mark.end(false)
}

// inRegion is a region as an allocator.
type inRegion struct {
	region     handshake.Region
	generation handshake.Generation
}

func (a inRegion) Alloc(size, align uintptr) (memory.Block, error) {
	return a.region.AllocIn(a.generation, size, align)
}

func (a inRegion) Unwrap() scope.Allocator { return a.region.Home() }

// rewrap puts the wrappers that stand in a's chain before what opens regions around r.
func rewrap(a scope.Allocator, r scope.Allocator) scope.Allocator {
	switch a := a.(type) {
	case handshake.RegionOpener, handshake.Instrument:
		return r
	case memory.Wrapper:
		return a.Rewrap(rewrap(a.Unwrap(), r))
	}
	panic(fmt.Sprintf("meter: %T has Unwrap but no Rewrap: allocations in a private region would bypass it", a))
}
