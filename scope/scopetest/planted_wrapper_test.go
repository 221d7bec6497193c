package scopetest_test

import (
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// wrapper limits what is allocated in all, right but for the bug of the name.
type wrapper struct {
	bug   string
	inner scope.Allocator
	left  *int
}

const quota = 300_000

func newWrapper(bug string, inner scope.Allocator) scope.Allocator {
	left := quota
	w := &wrapper{bug, inner, &left}
	if bug == "no rewrap" {
		return struct {
			scope.Allocator
			unwrapper
		}{w, unwrapper{inner}}
	}
	return w
}

type unwrapper struct{ inner scope.Allocator }

func (u unwrapper) Unwrap() scope.Allocator { return u.inner }

func (w *wrapper) is(bug string) bool { return w.bug == bug }

func (w *wrapper) Alloc(size, align uintptr) (memory.Block, error) {
	_ = memory.Alignment(size, align)
	asked := size
	switch {
	case size > uintptr(*w.left):
		return memory.Block{}, &scope.ExhaustedError{Allocator: "wrapper", Requested: size, Available: uintptr(*w.left), Limit: quota}
	case w.is("pads"):
		asked += 8
	case w.is("drops align") && size < 64:
		align = 1
	case w.is("heap instead") && size > 100:
		return scope.Heap().Alloc(size, align)
	}
	b, err := w.inner.Alloc(asked, align)
	switch {
	case err == nil && w.is("another stamp"):
		b.Stamp = scope.Stamp{}
	case err == nil && w.is("grants too late") && size > 2000:
		return memory.Block{}, &scope.ExhaustedError{Allocator: "wrapper", Requested: size}
	case err != nil && w.is("hides errors"):
		return memory.Block{}, &scope.ExhaustedError{Allocator: "wrapper", Requested: size}
	case err != nil && w.is("other error"):
		return memory.Block{}, fmt.Errorf("wrapper: %v", err)
	}
	if err == nil {
		*w.left -= int(size)
	}
	return memory.NewBlock(b.Bytes()[:min(size, uintptr(len(b.Bytes())))], b.Stamp), err
}

func (w *wrapper) Unwrap() scope.Allocator {
	if w.is("unwraps elsewhere") {
		return scope.Heap()
	}
	return w.inner
}

func (w *wrapper) Rewrap(inner scope.Allocator) scope.Allocator {
	switch {
	case w.is("keeps inner"):
		return w
	case w.is("gives inner"):
		return inner
	case w.is("changes itself"):
		w.inner = inner
		return w
	case w.is("fresh limit"):
		return newWrapper(w.bug, inner)
	}
	return &wrapper{w.bug, inner, w.left}
}

var plantedInWrappers = map[string]string{
	"":                  "",
	"no rewrap":         "chain",
	"unwraps elsewhere": "chain",
	"pads":              "passes on",
	"drops align":       "passes on",
	"heap instead":      "passes on",
	"another stamp":     "passes on",
	"grants too late":   "passes on",
	"hides errors":      "errors",
	"other error":       "exhausted",
	"keeps inner":       "rewrap",
	"gives inner":       "rewrap",
	"changes itself":    "rewrap",
	"fresh limit":       "in force",
}

func TestPlantedWrappers(t *testing.T) {
	requireFound(t, plantedInWrappers, func(t testing.TB, bug string) {
		scopetest.TestWrapper(t, func(inner scope.Allocator) scope.Allocator { return newWrapper(bug, inner) })
	})
}

func TestFallback(t *testing.T) {
	scopetest.TestWrapper(t, func(inner scope.Allocator) scope.Allocator {
		return meter.New(meter.New(inner, meter.Fallback()), meter.Fallback())
	})
}
