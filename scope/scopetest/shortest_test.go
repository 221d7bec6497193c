package scopetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// TestShortestPrograms: what is reported is what a person would have written to show
// the bug, and the same each time.
func TestShortestPrograms(t *testing.T) {
	for _, c := range []struct{ bug, rule, program string }{
		{"short", "size", `
a := new()
b0, err := a.Alloc(4001, 0) // ← size`},
		{"any alignment", "power of two", `
a := new()
_, _ = a.Alloc(0, 3) // panic: <nil> // ← power of two`},
		{"overlap", "disjoint", `
a := new()
b0, err := a.Alloc(501, 0)
b1, err := a.Alloc(1, 0) // ← disjoint`},
		{"any order", "order", `
a := new()
cp1 := a.Checkpoint()
cp2 := a.Checkpoint()
err = a.Restore(cp1) // <nil> // ← order`},
		{"restores silently", "ended", `
a := new()
cp1 := a.Checkpoint()
err = a.Restore(cp1) // <nil>
err = a.Restore(cp1) // <nil> // ← ended`},
		{"unwinds one", "unwinding", `
a := new()
cp1 := a.Checkpoint()
cp2 := a.Checkpoint()
err = a.Unwind(cp1) // bumper: checkpoint restored out of order: a later one is still open // ← unwinding`},
		{"stamp of below", "lifetime", `
a := new()
cp1 := a.Checkpoint()
cp2 := a.Checkpoint()
b0, err := a.Alloc(0, 0)
err = a.Restore(cp2) // <nil> // ← lifetime`},
	} {
		t.Run(c.bug, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				r := &recorder{TB: t}
				scopetest.TestCheckpointer(r, func() memory.Checkpointer { return newFaulty(c.bug) })
				require.Equal(t, c.program[1:], program(r.of(c.rule)))
			}
		})
	}
}
