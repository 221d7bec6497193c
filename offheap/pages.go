package offheap

import (
	"fmt"
	"sync"

	"github.com/allocarrays/allocarrays-go/bumper"
)

// Pages is a source of memory that is mapped from the operating system, and
// unmapped as soon as it is released. It is safe for concurrent use. Make one with
// [Mmap].
type Pages struct {
	system system
	huge   bool
	faults faults

	mu     sync.Mutex
	mapped map[uintptr][]byte // whole mappings, by the address that was handed out
	stuck  map[uintptr]stuck  // those that could not be unmapped
	bytes  int                // in both
}

// stuck is a mapping that could not be unmapped.
type stuck struct {
	mem []byte
	err error
}

var _ bumper.LeakReporter = (*Pages)(nil)

// Mmap returns a source of anonymous private memory. Its pieces are zeroed, and
// whole pages: what is asked for is rounded up, and all of it is given.
func Mmap(opts ...MmapOption) *Pages { return newPages(kernel{}, opts) }

func newPages(sys system, opts []MmapOption) *Pages {
	p := &Pages{system: sys, mapped: map[uintptr][]byte{}, stuck: map[uintptr]stuck{}}
	for _, o := range opts {
		o.applyMmap(p)
	}
	return p
}

// Acquire maps at least size bytes, which begin at the beginning of a page. An
// error names the size and matches that of the system, usually syscall.ENOMEM, or
// [ErrUnsupported]. It panics if size is not positive.
func (p *Pages) Acquire(size int) ([]byte, error) {
	if size <= 0 {
		panic(misuse("Acquire: size %d is not positive", size))
	}
	length, margin := p.extent(size)
	whole, err := p.system.mmap(length + margin)
	if err != nil {
		return nil, fmt.Errorf("offheap: mmap of %d bytes: %w", size, err)
	}
	mem := whole
	if margin > 0 {
		mem = p.advise(whole, length)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mapped[address(mem)] = whole
	p.bytes += len(whole)
	return mem, nil
}

// extent returns how much to hand out for size bytes, and how much more to map so
// that it can begin at a multiple of the huge page. Sizes near the largest int are
// left as they are, for the system to refuse.
func (p *Pages) extent(size int) (length, margin int) {
	unit := p.system.pageSize()
	if p.huge && size >= hugePage && size <= maxInt-2*hugePage {
		unit, margin = hugePage, hugePage
	}
	if n, ok := roundUp(size, unit); ok {
		return n, margin
	}
	return size, 0
}

// advise returns the part of whole that huge pages can back. What lies before and
// behind it is never touched, so it takes addresses but no memory.
func (p *Pages) advise(whole []byte, length int) []byte {
	start := int(-address(whole) & (hugePage - 1))
	mem := whole[start : start+length : start+length]
	if err := p.system.adviseHuge(mem); err != nil {
		p.faults.add(fmt.Errorf("offheap: madvise of %d bytes: %w", length, err))
	}
	return mem
}

// Release unmaps mem, which must begin where a piece that Acquire returned begins;
// the whole piece goes. Nothing may touch it any more: that would end the program.
//
// Release has no result. A mapping that the system refuses to unmap stays in
// Stats, is recorded in [Pages.Err], and is tried again when the next one has been
// released, because the usual reason is the limit on the number of mappings
// (vm.max_map_count on Linux). A release of what is not a piece is recorded and
// does nothing.
func (p *Pages) Release(mem []byte) {
	whole, err := p.take(mem)
	if err == nil {
		err = p.unmap(address(mem), whole)
	}
	if err != nil {
		p.faults.add(err)
	}
}

// take takes a piece out of the books. That comes before unmapping it: the next
// moment the system may hand out the same address.
func (p *Pages) take(mem []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	whole, ok := p.mapped[address(mem)]
	if !ok {
		return nil, fmt.Errorf("%w: release of %d bytes at %#x, which are not mapped here", ErrUnknown, len(mem), address(mem))
	}
	delete(p.mapped, address(mem))
	p.bytes -= len(whole)
	return whole, nil
}

// unmap unmaps a piece that is in no books, and then those that are stuck.
func (p *Pages) unmap(addr uintptr, whole []byte) error {
	if err := p.system.munmap(whole); err != nil {
		err = fmt.Errorf("offheap: munmap of %d bytes at %#x: %w", len(whole), addr, err)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stuck[addr] = stuck{whole, err}
		p.bytes += len(whole)
		return err
	}
	p.retry()
	return nil
}

// retry tries to unmap what is stuck. A stuck mapping is still mapped, so no other
// has its address, and the lock may be held.
func (p *Pages) retry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for addr, s := range p.stuck {
		if p.system.munmap(s.mem) != nil {
			return
		}
		delete(p.stuck, addr)
		p.bytes -= len(s.mem)
	}
}

// Leaked releases mem and records that its owner, which was made at the place where,
// was forgotten. It is for the cleanup of an owner that was collected, and makes
// Pages a bumper.LeakReporter.
func (p *Pages) Leaked(mem []byte, where string) {
	p.faults.add(fmt.Errorf("%w: %d bytes mapped: %s", ErrLeak, len(mem), forgotten(where)))
	p.Release(mem)
}

// Err returns what was recorded since the source was made: leaks, failed unmappings
// and refused advice, at most 64 of them and the number of the others; or nil.
func (p *Pages) Err() error { return p.faults.err() }

// Stats tells what is mapped now.
func (p *Pages) Stats() PagesStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PagesStats{Mapped: p.bytes, Pieces: len(p.mapped), Stuck: len(p.stuck)}
}

// String describes the source in one line.
func (p *Pages) String() string {
	s := p.Stats()
	return fmt.Sprintf("offheap.Mmap: %d bytes in %d pieces, %d stuck", s.Mapped, s.Pieces, s.Stuck)
}

// PagesStats tells what a [Pages] has mapped.
type PagesStats struct {
	Mapped int // bytes of address space mapped, those that are stuck included
	Pieces int // pieces acquired and not released
	Stuck  int // pieces released that the system refused to unmap
}
