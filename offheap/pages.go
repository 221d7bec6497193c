package offheap

import (
	"fmt"
	"sync"

	"github.com/allocarrays/allocarrays-go/bumper"
)

// Pages is a source of memory that maps pages from the operating system, and unmaps
// them as soon as they are released. It is safe for concurrent use. Make one with
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

var (
	_ bumper.LeakReporter = (*Pages)(nil)
	_ bumper.Discarder    = (*Pages)(nil)
)

// Mmap returns a source of anonymous private memory. Its pieces are whole pages of
// zeros: Acquire rounds the size up, and returns all of the piece.
func Mmap(opts ...MmapOption) *Pages { return newPages(host{}, opts) }

func newPages(sys system, opts []MmapOption) *Pages {
	p := &Pages{system: sys, mapped: map[uintptr][]byte{}, stuck: map[uintptr]stuck{}}
	for _, o := range opts {
		o.applyMmap(p)
	}
	return p
}

// Acquire maps at least size bytes, beginning at a page boundary. An
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
// that the piece can begin at a multiple of the huge page. It leaves sizes near the
// largest int as they are, for the system to refuse.
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

// advise returns the part of whole that huge pages can back. Nothing touches the rest
// before and behind it, which takes addresses but no memory.
func (p *Pages) advise(whole []byte, length int) []byte {
	start := int(-address(whole) & (hugePage - 1))
	mem := whole[start : start+length : start+length]
	if err := p.system.adviseHuge(mem); err != nil {
		p.faults.add(fmt.Errorf("offheap: madvise of %d bytes: %w", length, err))
	}
	return mem
}

// Release unmaps the whole piece that begins where mem begins, as Acquire returned it.
// Nothing may touch the piece any more: that would end the program.
//
// Release has no result. If the system refuses to unmap a piece, it stays in Stats,
// the error is recorded for [Pages.Err], and the next successful Release tries again:
// the usual reason is the limit on the number of mappings (vm.max_map_count on Linux).
// If no piece begins where mem does, Release records an error and does nothing else.
func (p *Pages) Release(mem []byte) {
	whole, err := p.take(mem)
	if err == nil {
		err = p.unmap(address(mem), whole)
	}
	if err != nil {
		p.faults.add(err)
	}
}

// take removes a piece from the records. That comes before unmapping it: as soon as it
// is unmapped, the system may hand out the same address again.
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

// unmap unmaps a piece that was taken, and then those that are stuck.
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

// retry tries to unmap the pieces that are stuck. It may hold the lock, because they
// are still mapped: no other piece has their address.
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

// Discard gives the memory of mem, which must lie in one piece, back to the system and
// keeps its addresses mapped. The pages that lie in mem as a whole are zero when they are
// touched again, which costs a page fault for each. On systems other than Linux Discard
// does nothing. It has no result; errors are recorded for [Pages.Err]. It makes Pages a
// bumper.Discarder, and is experimental, as that is.
func (p *Pages) Discard(mem []byte) {
	if err := p.discard(mem); err != nil {
		p.faults.add(fmt.Errorf("offheap: discard of %d bytes at %#x: %w", len(mem), address(mem), err))
	}
}

// discard holds the lock, so that mem is not unmapped, and mapped for another, meanwhile.
// The others would wait anyway, for the lock that the kernel holds on its mappings.
func (p *Pages) discard(mem []byte) error {
	if len(mem) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.covers(mem) {
		return errNotHeld
	}
	page := p.system.pageSize()
	from := int(-address(mem) & uintptr(page-1))
	to := len(mem) - int((address(mem)+uintptr(len(mem)))&uintptr(page-1))
	if from >= to {
		return nil
	}
	return p.system.discard(mem[from:to])
}

// covers reports whether mem lies in one of the mappings.
func (p *Pages) covers(mem []byte) bool {
	if whole, ok := p.mapped[address(mem)]; ok && within(mem, whole) {
		return true
	}
	for _, whole := range p.mapped {
		if within(mem, whole) {
			return true
		}
	}
	return false
}

// Leaked releases mem and records that its owner, made at the place where, was
// forgotten. The cleanup of an owner that was collected calls it. It makes Pages a
// bumper.LeakReporter.
func (p *Pages) Leaked(mem []byte, where string) {
	p.faults.add(fmt.Errorf("%w: %d bytes mapped: %s", ErrLeak, len(mem), forgotten(where)))
	p.Release(mem)
}

// Err returns the errors recorded since the source was made, joined, or nil: leaks,
// bad releases, failed unmappings and refused advice. It lists at most 64 and counts the
// others.
func (p *Pages) Err() error { return p.faults.err() }

// Stats returns what is mapped now.
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
	Mapped int // bytes of address space mapped, including stuck pieces
	Pieces int // pieces acquired and not released
	Stuck  int // pieces released that the system refused to unmap
}
