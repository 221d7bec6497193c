package scopetest_test

import (
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

func TestHeap(t *testing.T) { scopetest.TestAllocator(t, scope.Heap) }

func TestHeapConcurrently(t *testing.T) { scopetest.TestConcurrent(t, scope.Heap) }

func TestRegionsConcurrently(t *testing.T) {
	scopetest.TestConcurrent(t, func() scope.Allocator { return locked.Share(bumper.NewSlabBuffer()) })
}

// The planted bugs, each with the rule that finds it, among others. "" is none.
var (
	plantedInAllocators = map[string]string{
		"":                 "",
		"short":            "size",
		"misaligned":       "alignment",
		"line":             "alignment", // large blocks are not 64-byte aligned
		"any alignment":    "power of two",
		"sticky misuse":    "power of two",
		"overlap":          "disjoint",
		"writes":           "untouched",
		"empty refused":    "empty",
		"wraps":            "overflow",
		"wraps sums":       "overflow",
		"other error":      "exhausted",
		"block with error": "exhausted",
		"requested":        "exhausted",
		"refusal moves":    "unchanged",
		"refusal writes":   "unchanged",
		"small":            "room",
		"born dead":        "lifetime",
		"restore refuses":  "endings",
		"never rewinds":    "reuse",
		"panics":           "panics",
		"rewinds too far":  "disjoint",
		"stamp of below":   "lifetime",
		"extends too far":  "disjoint",
		"extends any":      "extend",
	}
	plantedInCheckpointers = map[string]string{
		"":                  "",
		"dead checkpoints":  "checkpoints",
		"restore refuses":   "checkpoints",
		"any order":         "order",
		"foreign silently":  "foreign",
		"restores silently": "ended",
		"restore moves":     "order",
		"no unwinding":      "unwinding",
		"unwinds one":       "unwinding",
		"unwinds anything":  "unwinding",
		"never rewinds":     "reuse",
	}
	plantedInBuffers = map[string]string{
		"":                 "",
		"restore moves":    "order",
		"refusal counts":   "unchanged",
		"limit":            "exhausted",
		"stamp of heap":    "places",
		"reset regardless": "reset",
		"reset keeps":      "reset",
		"reset spares":     "reset", // the stamps
		"reset uncounted":  "reset",
		"not held":         "hold",
		"used":             "numbers",
		"count":            "numbers",
		"high water":       "numbers",
		"grows":            "steady",
	}
)

// requireFound runs test on every planted bug.
func requireFound(t *testing.T, planted map[string]string, test func(t testing.TB, bug string)) {
	for bug, rule := range planted {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			r := &recorder{TB: t}
			test(r, bug)
			if rule == "" {
				require.Empty(t, r.reports)
				return
			}
			require.NotEmpty(t, r.of(rule), "found by %q instead:\n%q", r.rules(), r.reports)
			require.Contains(t, r.of(rule), "\nthe contract: ")
			require.NotEmpty(t, program(r.of(rule)))
		})
	}
}

// TestEveryRuleIsBroken: a rule that no planted bug breaks might as well not be there.
func TestEveryRuleIsBroken(t *testing.T) {
	planted := map[string]map[string]string{
		"allocator": plantedInAllocators, "checkpointer": plantedInCheckpointers, "buffer": plantedInBuffers,
		"source": plantedInSources, "on source": plantedOnSources, "wrapper": plantedInWrappers, "releaser": plantedInReleasers,
	}
	for test, rules := range scopetest.Rules() {
		for _, rule := range rules {
			if rule == "forgotten" {
				continue // see TestCheckpointerWithoutUnwind
			}
			require.Contains(t, slices.Collect(maps.Values(planted[test])), rule, test)
		}
	}
}

func TestPlantedAllocators(t *testing.T) {
	requireFound(t, plantedInAllocators, func(t testing.TB, bug string) {
		scopetest.TestAllocator(t, func() scope.Allocator { return newFaulty(bug) })
	})
}

func TestPlantedCheckpointers(t *testing.T) {
	requireFound(t, plantedInCheckpointers, func(t testing.TB, bug string) {
		scopetest.TestCheckpointer(t, func() memory.Checkpointer { return newFaulty(bug) })
	})
}

func TestPlantedBuffers(t *testing.T) {
	requireFound(t, plantedInBuffers, func(t testing.TB, bug string) {
		scopetest.TestBuffer(t, func() bumper.Buffer { return newFaulty(bug) })
	})
}

// A Checkpointer need not be an Unwinder. One that is neither restored nor unwound in
// disorder is told so by NoEscape.
type noUnwinder struct{ memory.Checkpointer }

// forgetful accepts whatever is restored.
type forgetful struct{ memory.Checkpointer }

func (f forgetful) Restore(cp memory.Checkpoint) error {
	if err := f.Checkpointer.Restore(cp); err != nil {
		return f.Checkpointer.(memory.Unwinder).Unwind(cp)
	}
	return nil
}

func TestCheckpointerWithoutUnwind(t *testing.T) {
	scopetest.TestCheckpointer(t, func() memory.Checkpointer { return noUnwinder{newFaulty("")} })

	r := &recorder{TB: t}
	scopetest.TestCheckpointer(r, func() memory.Checkpointer { return forgetful{newFaulty("")} })
	require.NotEmpty(t, r.of("forgotten"))
	require.NotEmpty(t, r.of("order"))
}

func TestPlantedRace(t *testing.T) {
	for name, race := range map[string]func(){"": nil, "yields": runtime.Gosched} {
		t.Run(name, func(t *testing.T) {
			if race != nil && testenv.Race {
				t.Skip("the race detector finds it first")
			}
			r := &recorder{TB: t}
			scopetest.TestConcurrent(r, func() scope.Allocator {
				if race == nil {
					return locked.Share(newFaulty(""))
				}
				return &racy{mem: make([]byte, 1<<20), race: race}
			})
			require.Equal(t, race != nil, r.of("concurrent") != "", "%v", r.reports)
		})
	}
}
