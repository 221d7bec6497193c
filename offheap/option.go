package offheap

// A MmapOption configures [Mmap].
type MmapOption interface{ applyMmap(*Pages) }

// A HeapOption configures [NewHeap].
type HeapOption interface{ applyHeap(*Heap) }

// An Option configures either.
type Option interface {
	MmapOption
	HeapOption
}

type onError func(error)

// OnError makes the source call report with each error that it records, when it happens:
// a leak, a bad free, a failed munmap. A service would log it. Without OnError the
// errors wait for [Heap.Check] or [Pages.Err]. Several goroutines may call report at
// once, one of them perhaps that of the runtime's cleanups, so report must not block.
func OnError(report func(error)) Option { return onError(report) }

func (o onError) applyMmap(p *Pages) { p.faults.report = o }
func (o onError) applyHeap(h *Heap)  { h.faults.report = o }

type hugePages struct{}

// HugePages asks Linux to back pieces of 2 MiB and more with huge pages
// (madvise(2), MADV_HUGEPAGE), which spares page faults and TLB misses. Such pieces
// begin at a multiple of 2 MiB and are rounded up to one. It is advice: on systems
// other than Linux it does nothing, and if Linux refuses it the memory is ordinary and
// the refusal is recorded for [Pages.Err].
func HugePages() MmapOption { return hugePages{} }

func (hugePages) applyMmap(p *Pages) { p.huge = true }

type remembered int

// History sets how many freed blocks a heap remembers, to report where a block that is
// freed twice was allocated and first freed. The default is 128; each takes about 500
// bytes. History panics if n is negative.
func History(n int) HeapOption {
	if n < 0 {
		panic(misuse("History: %d blocks is negative", n))
	}
	return remembered(n)
}

func (n remembered) applyHeap(h *Heap) { h.records.past.limit = int(n) }
