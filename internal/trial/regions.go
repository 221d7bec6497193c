package trial

import (
	"errors"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Shared is a buffer that goroutines share, with its regions, as in package
// locked, which this package does not import because its tests import this one.
type Shared interface {
	handshake.RegionOpener
	Reset() error
}

// Counts are the numbers of a [Shared] that programs compare with their own.
type Counts struct {
	Open int    // regions that live now
	Late uint64 // allocations after the end of their scope
}

// RunRegions interprets program as operations on regions of shared that are open at
// the same time, one after the other and so deterministically, and returns the
// first rule it breaks. In the end every region is released.
func RunRegions(shared Shared, counts func() Counts, program []byte) error {
	return Find(func() {
		m := &regionMachine{tape: tape{program}, shared: shared, counts: counts}
		for !m.done() {
			m.step()
		}
		for _, r := range m.regions {
			m.release(r)
		}
		m.reset()
	})
}

// A regionMachine runs a program of regions.
type regionMachine struct {
	tape
	shared  Shared
	counts  func() Counts
	ledger  Ledger
	regions []*regionState // all that were ever opened
	late    uint64
}

// regionState is the model of one life of a region.
type regionState struct {
	region handshake.Region
	life   handshake.Generation
	open   bool
	living bool
	owner  int
}

// lateOwner owns what is allocated after the end of its scope; sharedOwner what
// is allocated outside all regions.
const (
	sharedOwner = 0
	lateOwner   = -1
)

func (m *regionMachine) step() {
	op := m.next() % 16
	var r *regionState
	if n := len(m.regions); n > 0 {
		r = m.regions[n-1-int(m.next())%min(n, 8)] // mostly one that lives
	}
	switch {
	case op == 0 || r == nil:
		m.add(m.shared.OpenRegion(nil))
	case op == 1:
		m.openSub(r)
	case op == 2:
		m.close(r)
	case op == 3, op == 4:
		m.reopen(r)
	case op == 5:
		m.release(r)
	case op == 6:
		m.reset()
	case op == 7:
		_, _ = m.ledger.Alloc(m.shared.Alloc, sharedOwner, m.size(), m.align())
	default:
		m.allocate(r)
	}
	m.checkCounts()
}

func (m *regionMachine) add(region handshake.Region, life handshake.Generation, ok bool) {
	Require(ok, Regions, "a region is refused")
	m.regions = append(m.regions, &regionState{region, life, true, true, len(m.regions) + 1})
	Require(region.Living(life), Regions, "a new region's life is over")
}

func (m *regionMachine) openSub(r *regionState) {
	region, life, ok := r.region.OpenSub(r.life, nil)
	Require(ok == r.open, Regions, "OpenSub of a region reports %v, open is %v", ok, r.open)
	if ok {
		m.add(region, life, ok)
	}
}

// allocate allocates in r, which is late if r's scope has ended.
func (m *regionMachine) allocate(r *regionState) {
	alloc := func(size, align uintptr) (memory.Block, error) { return r.region.AllocIn(r.life, size, align) }
	size, align := m.size(), m.align()
	if r.open {
		_, err := m.ledger.Alloc(alloc, r.owner, size, align)
		Require(err == nil || size != 0, Empty, "Alloc(0, %d): %v", align, err)
		return
	}
	m.late++
	b, err := m.ledger.Alloc(alloc, lateOwner, size, align)
	Require(b.Stamp == scope.Stamp{}, Regions, "a late block is not of the heap")
	Require(err == nil || size >= absurd || align >= absurd, Room, "a late Alloc(%d, %d): %v", size, align, err)
}

func (m *regionMachine) close(r *regionState) {
	r.region.Close(r.life, 0)
	m.end(r)
}

// end says that the scope open in r, if any, has ended.
func (m *regionMachine) end(r *regionState) {
	r.open = false
	m.ledger.End(r.owner)
}

func (m *regionMachine) reopen(r *regionState) {
	want := r.living && !r.open
	ok := r.region.Reopen(r.life)
	Require(ok == want, Regions, "Reopen reports %v; living %v, open %v", ok, r.living, r.open)
	r.open = r.open || ok
}

func (m *regionMachine) release(r *regionState) {
	r.region.Release(r.life)
	r.living = false
	m.end(r)
	Require(!r.region.Living(r.life), Regions, "a released region's life lasts")
}

func (m *regionMachine) lives() (n int) {
	for _, r := range m.regions {
		if r.living {
			n++
		}
	}
	return n
}

func (m *regionMachine) reset() {
	err := m.shared.Reset()
	if m.lives() > 0 {
		Require(errors.Is(err, bumper.ErrHeld), Holding, "Reset while a region lives: %v", err)
		m.ledger.Verify()
		return
	}
	Require(err == nil, Resets, "Reset: %v", err)
	m.ledger.End(sharedOwner)
}

func (m *regionMachine) checkCounts() {
	want := Counts{m.lives(), m.late}
	Require(m.counts() == want, Regions, "counts are %+v instead of %+v", m.counts(), want)
}
