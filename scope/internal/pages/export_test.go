package pages

import (
	"errors"
	"unsafe"
)

// Faulty is the operating system, but for the calls that it is told to refuse and the
// limits that it is given.
type Faulty struct {
	host
	RefuseReserve bool
	RefuseOpen    func() bool // nil: never
	RefuseShut    func() bool
	Pages         int // of the reservation; 0: as many as the system gives
	Blocks        int // at most in use; 0: the system's limit

	Reserved, Opened, Shut, Discarded int // calls so far
}

var errRefused = errors.New("refused")

func (f *Faulty) reserve() ([]byte, error) {
	f.Reserved++
	if f.RefuseReserve {
		return nil, errRefused
	}
	mem, err := f.host.reserve()
	if err == nil && f.Pages > 0 {
		mem = mem[:f.Pages*f.pageSize()]
	}
	return mem, err
}

func (f *Faulty) open(mem []byte) error {
	f.Opened++
	if f.RefuseOpen != nil && f.RefuseOpen() {
		return errRefused
	}
	return f.host.open(mem)
}

func (f *Faulty) shut(mem []byte) error {
	f.Shut++
	if f.RefuseShut != nil && f.RefuseShut() {
		return errRefused
	}
	return f.host.shut(mem)
}

func (f *Faulty) discard(mem []byte) {
	f.Discarded++
	f.host.discard(mem)
}

func (f *Faulty) maxBlocks() int {
	if f.Blocks > 0 {
		return f.Blocks
	}
	return f.host.maxBlocks()
}

// NewOn returns guards on a system of the test's.
func NewOn(sys *Faulty) *Guards { return &Guards{arena: arena{sys: sys}} }

// Close gives the reservation back.
func (g *Guards) Close() {
	if g.arena.mem != nil {
		unreserve(g.arena.mem[:cap(g.arena.mem)])
	}
}

// Reservation returns how many bytes of addresses are reserved.
func (g *Guards) Reservation() int { return cap(g.arena.mem) }

// Address returns where the block begins.
func (b *Block) Address() uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b.mem))) }

// Supported reports whether pages can be protected here.
func Supported() bool { return host{}.maxBlocks() > 0 }

var (
	PageSize = host{}.pageSize()
	ClassOf  = classOf
	PagesOf  = pagesOf
	MaxSpans = maxSpans
)

// QueueLength returns how long the list of a queue is after n spans, one after the other,
// have passed through it.
func QueueLength(n int) int {
	var q queue
	for range n {
		q.push(new(span))
		q.pop()
	}
	return len(q.list)
}
