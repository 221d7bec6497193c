package scopetest_test

import (
	"errors"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// faulty is a right buffer, but for the bug of the name.
type faulty struct {
	bumper.Levels[int]
	bug     string
	mem     []byte
	off     int
	misused bool
	stats   bumper.Stats
	blocks  int
}

func newFaulty(bug string) *faulty {
	const size = 150 << 10
	f := &faulty{bug: bug, mem: make([]byte, size+64), stats: bumper.Stats{Capacity: size + 64, Limit: size + 64}}
	f.Init(f)
	return f
}

func (f *faulty) is(bug string) bool { return f.bug == bug }

func (f *faulty) Alloc(size, align uintptr) (memory.Block, error) {
	if f.misused {
		return memory.Block{}, f.exhausted(size)
	}
	switch {
	case f.is("misaligned") && align > 1 && align < 64 && size < 64:
		align = 1
	case f.is("any alignment") && align&(align-1) != 0:
		align = 1
	case f.is("sticky misuse") && align&(align-1) != 0:
		f.misused = true
	case f.is("wraps") && size > ^uintptr(0)>>20:
		size &= 0xff
	case f.is("wraps sums") && size > ^uintptr(0)>>20:
		return memory.NewBlock(nil, f.Stamp()), nil
	case f.is("empty refused") && size == 0:
		return memory.Block{}, f.exhausted(size)
	case f.is("small") && f.off > 10_000:
		return memory.Block{}, f.exhausted(size)
	case f.is("panics") && size > 4096:
		_ = f.mem[len(f.mem)+int(size)]
	}
	start, end, ok := bumper.Fit(f.mem, f.off, size, align)
	if !ok {
		return f.refuse(size)
	}
	return f.hand(start, end, size)
}

// hand hands out the block from start up to end.
func (f *faulty) hand(start, end int, size uintptr) (memory.Block, error) {
	mem, stamp := f.mem[start:end], f.Stamp()
	f.off = end
	f.stats.Used, f.stats.HighWater = end, max(f.stats.HighWater, end)
	f.stats.Allocations++
	f.blocks++
	switch {
	case f.is("line") && size >= 64 && size < 1000 && end < len(f.mem):
		mem = f.mem[start+1 : end+1]
		f.off++
	case f.is("short") && size > 4000:
		mem = mem[:size-1]
	case f.is("overlap") && size > 500:
		f.off--
	case f.is("writes") && start > 0:
		f.mem[start-1]++
	case f.is("stamp of heap"):
		stamp = scope.Stamp{}
	case f.is("born dead") && f.blocks%8 == 0:
		e := memory.NewEpoch(nil)
		stamp = e.Stamp()
		e.End()
	case f.is("stamp of below") && f.Depth() > 1:
		stamp = memory.NewEpoch(nil).Stamp()
	case f.is("used"):
		f.stats.Used = 2 * end
		f.stats.Capacity = 2*len(f.mem) + end
	case f.is("count") && size == 0:
		f.stats.Allocations--
	case f.is("high water"):
		f.stats.HighWater = 0
	case f.is("grows"):
		f.stats.Limit = 0
		f.stats.Capacity++
	}
	return memory.NewBlock(mem, stamp), nil
}

// Extend lengthens the last block; with a bug, beyond the end of what it takes, or any
// block of the innermost scope.
func (f *faulty) Extend(b memory.Block, size uintptr) (memory.Block, bool) {
	start := 0
	for start < len(f.mem) && len(b.Bytes()) > 0 && &f.mem[start] != &b.Bytes()[0] {
		start++
	}
	end, last := start+int(size), start+len(b.Bytes()) == f.off
	switch {
	case !f.is("extends too far") && !f.is("extends any"):
		return b, false
	case len(b.Bytes()) == 0 || b.Stamp != f.Stamp() || size < uintptr(len(b.Bytes())) || size > uintptr(len(f.mem)-start),
		size >= 64 && len(b.Bytes()) < 64, !last && !f.is("extends any"):
		return b, false
	}
	if last && f.is("extends any") {
		f.off = end
	}
	return memory.NewBlock(f.mem[start:end], b.Stamp), true
}

func (f *faulty) refuse(size uintptr) (memory.Block, error) {
	switch {
	case f.is("other error"):
		return memory.Block{}, errors.New("full")
	case f.is("refusal counts"):
		f.stats.Allocations++
	case f.is("refusal moves"):
		f.off = min(f.off+100, len(f.mem))
		f.stats.Used, f.stats.HighWater = f.off, max(f.off, f.stats.HighWater)
	case f.is("refusal writes") && f.off > 0:
		f.mem[0]++
	case f.is("block with error"):
		return memory.NewBlock(f.mem[:1], f.Stamp()), f.exhausted(size)
	case f.is("requested"):
		return memory.Block{}, f.exhausted(size + 1)
	}
	return memory.Block{}, f.exhausted(size)
}

func (f *faulty) exhausted(size uintptr) error {
	e := &scope.ExhaustedError{Allocator: "faulty", Requested: size, Available: uintptr(len(f.mem) - f.off), Limit: uintptr(len(f.mem))}
	if f.is("limit") {
		e.Limit++
	}
	return e
}

func (f *faulty) Checkpoint() memory.Checkpoint {
	if f.is("dead checkpoints") && f.Depth() == 3 {
		return memory.Checkpoint{Stamp: deadStamp()}
	}
	return f.Open(f.off)
}

func deadStamp() scope.Stamp {
	e := memory.NewEpoch(nil)
	defer e.End()
	return e.Stamp()
}

func (f *faulty) Restore(cp memory.Checkpoint) error {
	switch {
	case f.is("any order") && cp.Live():
		return f.rewind(f.EndAbove(cp))
	case f.is("restores silently") && !cp.Live():
		return nil
	case f.is("foreign silently") && cp.Live():
		if off, err := f.End(cp); !errors.Is(err, bumper.ErrForeign) {
			return f.rewind(off, err)
		}
		return nil
	case f.is("restore moves"):
		off, err := f.End(cp)
		if err != nil {
			f.off, f.stats.Used = 0, 0
		}
		return f.rewind(off, err)
	case f.is("restore refuses") && f.Depth() == 2:
		return bumper.ErrForeign
	}
	return f.rewind(f.End(cp))
}

func (f *faulty) Unwind(cp memory.Checkpoint) error {
	switch {
	case f.is("no unwinding"):
		return nil
	case f.is("unwinds one"):
		return f.rewind(f.End(cp))
	case f.is("unwinds anything") && !cp.Live():
		return nil
	}
	return f.rewind(f.EndAbove(cp))
}

func (f *faulty) rewind(off int, err error) error {
	switch {
	case err != nil || f.is("never rewinds"):
		return err
	case f.is("rewinds too far") && f.Depth() > 0:
		off = max(off-100, 0)
	}
	f.off, f.stats.Used = off, off
	return nil
}

func (f *faulty) Reset() error {
	if f.is("reset regardless") && f.Depth() > 0 {
		f.Init(f)
	}
	if f.is("not held") && handshake.SharingOf(f).Held() {
		return nil
	}
	if f.is("reset spares") {
		f.stats.Resets++
		return f.rewind(0, nil)
	}
	return f.Levels.Reset(func() {
		if !f.is("reset uncounted") {
			f.stats.Resets++
		}
		if !f.is("reset keeps") {
			_ = f.rewind(0, nil)
		}
	})
}

func (f *faulty) Stats() bumper.Stats { return f.stats }

// racy is an allocator with a race in it: between reading its offset and moving it,
// others may read it too.
type racy struct {
	mem  []byte
	off  atomic.Int64
	race func()
}

func (r *racy) Alloc(size, align uintptr) (memory.Block, error) {
	start, end, ok := bumper.Fit(r.mem, int(r.off.Load()), size, align)
	if !ok {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "racy", Requested: size}
	}
	r.race()
	r.off.Store(int64(end))
	return memory.NewBlock(r.mem[start:end], scope.Stamp{}), nil
}
