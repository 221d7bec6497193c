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

// OnError makes the source call report with each error that it records, such as a
// leak, a bad free or a failed munmap, when that happens; a service logs it. By
// default they wait for [Heap.Check] or [Pages.Err]. report is called by whichever
// goroutine is at hand, perhaps by several at once and perhaps by that of the
// runtime's cleanups: it must not block.
func OnError(report func(error)) Option { return onError(report) }

func (o onError) applyMmap(p *Pages) { p.faults.report = o }
func (o onError) applyHeap(h *Heap)  { h.faults.report = o }

type hugePages struct{}

// HugePages asks Linux to back pieces of 2 MiB and more with huge pages
// (madvise(2), MADV_HUGEPAGE), which spares page faults and TLB misses. Such pieces
// begin at a multiple of 2 MiB and are rounded up to one. It is advice: where the
// system does not know it (everywhere but on Linux) nothing happens, and where the
// kernel refuses it the memory is ordinary and the refusal is recorded in
// [Pages.Err].
func HugePages() MmapOption { return hugePages{} }

func (hugePages) applyMmap(p *Pages) { p.huge = true }

type remembered int

// History sets how many freed blocks a heap remembers, so that a double free can
// tell where the block was allocated and first freed; the default is 128. Each
// takes about 500 bytes. It panics if n is negative.
func History(n int) HeapOption {
	if n < 0 {
		panic(misuse("History(%d): negative", n))
	}
	return remembered(n)
}

func (n remembered) applyHeap(h *Heap) { h.books.past.limit = int(n) }
