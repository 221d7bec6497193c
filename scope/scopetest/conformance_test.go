package scopetest_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHeap(t *testing.T) { scopetest.TestAllocator(t, scope.Heap) }

// planted are bugs, each with the rules that find it, among others.
var planted = map[string]string{
	"":                  "", // none: the buffer itself is right
	"misaligned":        "alignment",
	"line":              "alignment", // large blocks are not 64-byte aligned
	"short":             "alignment",
	"overlap":           "disjoint",
	"writes":            "capacity",
	"empty refused":     "empty",
	"wraps":             "overflow",
	"any alignment":     "misuse",
	"sticky misuse":     "misuse",
	"other error":       "exhaustion",
	"refusal moves":     "programs",
	"block with error":  "exhaustion",
	"requested":         "exhaustion",
	"never rewinds":     "reuse",
	"rewinds too far":   "release",
	"stamp of below":    "epochs",
	"stamp of heap":     "places",
	"any order":         "order",
	"restore moves":     "order",
	"reset regardless":  "reset",
	"reset keeps":       "reset",
	"reset spares":      "reset", // the stamps
	"reset uncounted":   "reset",
	"no unwinding":      "forgotten",
	"used":              "programs",
	"count":             "programs",
	"high water":        "order",
	"grows":             "steady",
	"restores silently": "order",
}

func TestPlantedBugs(t *testing.T) {
	for bug, rule := range planted {
		t.Run(bug, func(t *testing.T) {
			err := scopetest.CheckBuffer(func() bumper.Buffer { return newFaulty(bug) })
			if bug == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, rule+": ")
			require.ErrorContains(t, err, "the contract: ")
		})
	}
}

// faulty is a right buffer, but for the bug of the name.
type faulty struct {
	bumper.Levels[int]
	bug     string
	mem     []byte
	off     int
	misused bool
	stats   bumper.Stats
}

func newFaulty(bug string) *faulty {
	const size = 400 << 10
	f := &faulty{bug: bug, mem: make([]byte, size+64), stats: bumper.Stats{Capacity: size + 64}}
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
	case f.is("empty refused") && size == 0:
		return memory.Block{}, f.exhausted(size)
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
		f.stats.Capacity++
	}
	return memory.NewBlock(mem, stamp), nil
}

func (f *faulty) refuse(size uintptr) (memory.Block, error) {
	switch {
	case f.is("other error"):
		return memory.Block{}, errors.New("full")
	case f.is("refusal moves"):
		f.stats.Allocations++
	case f.is("block with error"):
		return memory.NewBlock(f.mem[:1], f.Stamp()), f.exhausted(size)
	case f.is("requested"):
		return memory.Block{}, f.exhausted(size + 1)
	}
	return memory.Block{}, f.exhausted(size)
}

func (f *faulty) exhausted(size uintptr) error {
	return &scope.ExhaustedError{Allocator: "faulty", Requested: size, Available: uintptr(len(f.mem) - f.off)}
}

func (f *faulty) Checkpoint() memory.Checkpoint { return f.Open(f.off) }

func (f *faulty) Restore(cp memory.Checkpoint) error {
	switch {
	case f.is("any order"):
		return f.rewind(f.EndAbove(cp))
	case f.is("restores silently") && !cp.Live():
		return nil
	case f.is("restore moves"):
		f.stats.Used++
	}
	return f.rewind(f.End(cp))
}

func (f *faulty) Unwind(cp memory.Checkpoint) error {
	if f.is("no unwinding") {
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

// TestSource checks the books of the source that the tests of buffers rely on.
func TestSource(t *testing.T) {
	s := &scopetest.Source{FailFrom: 2, FailTo: 3, Extra: 1}
	a, err := s.Acquire(100)
	require.NoError(t, err)
	require.Len(t, a, 101)
	require.True(t, s.Holds(a[50:51]))
	require.False(t, s.Holds(make([]byte, 10)))
	_, err = s.Acquire(100)
	require.ErrorIs(t, err, scopetest.ErrSource)
	b, err := s.Acquire(10)
	require.NoError(t, err)
	held, pieces := s.Held()
	require.Equal(t, []int{112, 2}, []int{held, pieces})
	s.Release(b)
	require.NoError(t, s.Err)
	s.Release(a[:50])
	require.Error(t, s.Err, "released less than was acquired")
}

// TestProgramsDiffer guards against a generator that always gives the same.
func TestProgramsDiffer(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	require.NotEqual(t, scopetest.RandomProgram(rng), scopetest.RandomProgram(rng))
}
