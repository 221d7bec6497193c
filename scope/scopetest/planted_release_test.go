package scopetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// hasty is a free list that takes blocks back, right but for the bug of the name.
type hasty struct {
	*trial.FreeList
	bug    string
	held   int                      // bytes, as the bug has it
	blocks map[*byte]memory.Block   // the last at each address
	depths map[memory.Stamp]int     // of blocks
	freed  []memory.Block           // released in the open levels
	extra  *memory.Epoch            // of what is handed out twice
	kept   map[*memory.Epoch][]byte // grows
}

func newHasty(bug string) *hasty {
	h := &hasty{FreeList: trial.NewFreeList(), bug: bug, blocks: map[*byte]memory.Block{}, depths: map[memory.Stamp]int{}, kept: map[*memory.Epoch][]byte{}}
	h.extra = memory.NewBlockEpoch(h)
	return h
}

func (h *hasty) is(bug string) bool { return h.bug == bug }

func (h *hasty) Alloc(size, align uintptr) (memory.Block, error) {
	const most = 400_000
	if size > most || h.held+int(size) > most {
		_ = memory.Alignment(size, align)
		return memory.Block{}, &scope.ExhaustedError{Allocator: "hasty", Requested: size, Limit: most}
	}
	if n := len(h.freed); h.is("frees at the end again") && n > 0 && h.Depth() == 0 && size > 0 && int(size) <= len(h.freed[n-1].Bytes()) {
		mem := h.freed[n-1].Bytes()[:size]
		h.freed = h.freed[:n-1]
		return h.extra.Block(mem), nil
	}
	b, err := h.FreeList.Alloc(size, align)
	if err == nil && size > 0 {
		h.held += int(size)
		h.blocks[&b.Bytes()[0]] = b
		h.depths[b.Stamp] = h.Depth()
	}
	return b, err
}

func (h *hasty) Release(mem []byte, s memory.Stamp) bool {
	if len(mem) == 0 {
		return h.is("takes nothing for a block")
	}
	b, known := h.blocks[&mem[0]]
	switch {
	case h.is("refuses"):
		return false
	case h.is("lives on"):
		return h.FreeList.Owns(mem, s)
	case h.is("looks at no stamp") && known && len(mem) == len(b.Bytes()):
		s = b.Stamp
	case h.is("takes parts") && known:
		mem = b.Bytes()
	case h.is("takes what it does not know") && !known:
		return true
	case h.is("innermost only") && s.Live() && h.depths[s] != h.Depth():
		panic("hasty: not of this level")
	}
	if !h.FreeList.Release(mem, s) {
		return false
	}
	switch {
	case h.is("ends others"):
		for _, other := range h.blocks {
			if h.FreeList.Release(other.Bytes(), other.Stamp) {
				break
			}
		}
	case h.is("makes objects"):
		e := memory.NewBlockEpoch(h)
		h.kept[e] = mem
	case h.is("frees at the end again") && h.Depth() > 0:
		h.freed = append(h.freed, b)
	}
	if !h.is("keeps memory") {
		h.held -= len(mem)
	}
	return true
}

func (h *hasty) Restore(cp memory.Checkpoint) error {
	err := h.FreeList.Restore(cp)
	h.held = h.Live
	return err
}

func (h *hasty) Unwind(cp memory.Checkpoint) error {
	err := h.FreeList.Unwind(cp)
	h.held = h.Live
	return err
}

// The planted bugs, each with the rule that finds it, among others.
var plantedInReleasers = map[string]string{
	"":                            "",
	"refuses":                     "release",
	"lives on":                    "release",
	"ends others":                 "release",
	"keeps memory":                "reuse",
	"innermost only":              "panics",
	"frees at the end again":      "disjoint",
	"looks at no stamp":           "release refused",
	"takes parts":                 "release refused",
	"takes nothing for a block":   "release refused",
	"takes what it does not know": "release refused",
	"makes objects":               "release steady",
}

func TestPlantedReleasers(t *testing.T) {
	planted := map[string]string{}
	for bug, rule := range plantedInReleasers {
		if rule != "release steady" || !testenv.Slow() {
			planted[bug] = rule
		}
	}
	requireFound(t, planted, func(t testing.TB, bug string) {
		scopetest.TestAllocator(t, func() scope.Allocator { return newHasty(bug) })
	})
}

// TestReleasersBehindMeters: a meter passes the kit where what it is around does.
func TestReleasersBehindMeters(t *testing.T) {
	r := &recorder{TB: t}
	scopetest.TestAllocator(r, func() scope.Allocator {
		return meter.New(newHasty(""), meter.Within(meter.NewLimit(nil, "all", 0)))
	})
	require.Empty(t, r.reports)
	scopetest.TestAllocator(r, func() scope.Allocator { return meter.New(newHasty("takes parts"), meter.Zero()) })
	require.NotEmpty(t, r.of("release refused"))
}
