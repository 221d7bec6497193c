package scopetest_test

import (
	"errors"
	"testing"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// ration is a source of a fixed number of bytes, right but for the bug of the name.
type ration struct {
	bug  string
	mem  []byte
	free [][]byte
	last []byte
}

func newRation(bug string) *ration {
	r := &ration{bug: bug, mem: make([]byte, scopetest.Room+4096+64)}
	r.mem = r.mem[-uintptr(unsafe.Pointer(&r.mem[0]))&63:]
	r.mem = r.mem[:scopetest.Room+4096]
	r.free = [][]byte{r.mem}
	return r
}

func (r *ration) is(bug string) bool { return r.bug == bug }

func (r *ration) Acquire(size int) ([]byte, error) {
	if r.is("stingy") && size > 10_000 {
		return nil, errors.New("no more")
	}
	if r.is("panics") && size > 1<<29 {
		panic("too much")
	}
	n := (size + 63) &^ 63
	for i, f := range r.free {
		if n < size || n > len(f) {
			continue
		}
		r.free[i] = f[n:]
		return r.hand(f[:n], size), nil
	}
	if r.is("takes on refusal") {
		r.free = nil
	}
	if r.is("writes on refusal") && r.last != nil {
		r.last[0]++
	}
	if r.is("memory with error") {
		return r.mem[:64], errors.New("no more")
	}
	return nil, errors.New("no more")
}

func (r *ration) hand(mem []byte, size int) []byte {
	switch {
	case r.is("short") && size > 4096:
		return mem[:size-1]
	case r.is("shifted") && size > 512:
		return mem[8:]
	case r.is("overlaps") && r.last != nil && size <= len(r.last):
		return r.last
	case r.is("writes") && r.last != nil:
		r.last[len(r.last)-1]++
	}
	r.last = mem
	return mem
}

func (r *ration) Release(mem []byte) {
	r.last = nil
	if r.is("keeps") {
		return
	}
	r.free = append(r.free, mem)
	total := 0
	for _, f := range r.free {
		total += len(f)
	}
	if total == len(r.mem) { // all is back
		r.free = [][]byte{r.mem}
	}
}

var plantedInSources = map[string]string{
	"":                  "",
	"short":             "size",
	"shifted":           "alignment",
	"overlaps":          "disjoint",
	"writes":            "untouched",
	"memory with error": "refusal",
	"writes on refusal": "refusal",
	"stingy":            "room",
	"keeps":             "reuse",
	"takes on refusal":  "room",
	"panics":            "panics",
}

func TestPlantedSources(t *testing.T) {
	requireFound(t, plantedInSources, func(t testing.TB, bug string) {
		scopetest.TestSource(t, func() bumper.Source { return newRation(bug) })
	})
	t.Run("GoHeap", func(t *testing.T) { scopetest.TestSource(t, bumper.GoHeap) })
}
