// Package guard controls guard mode, which reports mistakes with raw slices where they
// happen: use after the end of a scope, and writes outside a block, with the places
// where the block was allocated and released. Tests switch it on with the environment
// variable ALLOCARRAYS_GUARD: off, sample (or sample:N, one scope in N) or full.
//
// In a guarded scope every block that scope.Alloc and scope.Make return, from any
// buffer, has pages of its own, followed by a page that cannot be accessed. When the
// scope ends, its pages become inaccessible too; their addresses are reused as late as
// possible. The buffer's own counts stay the same. On systems without page protection,
// and beyond the budget of mappings, released memory is overwritten with NaN instead.
// Memory of isolating buffers and of the Go heap stays where it is: see bumper.Isolating.
//
// In guard mode every such block can be released before its scope ends, whatever allocator made
// it: what scope.Release, or Release and Move of package allocarray, have released is stale, so that
// tests find a word that is in the wrong place also on an allocator that ignores it.
//
// An access that faults panics if its goroutine has called scope.NoEscape or scope.Try,
// or runs in a locked.Group; otherwise it ends the program. During these calls the value
// of the panic is a *scope.StaleError or an [*OverrunError]; after them it is a
// runtime.Error, which scope.Explain translates.
//
// Guard mode can therefore end a program that would have continued with wrong data. It
// is for tests and canaries, not for production.
package guard

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// A Mode says how many scopes are guarded.
type Mode int32

// The modes.
const (
	Off    = Mode(pages.Off)    // no scope
	Sample = Mode(pages.Sample) // one scope in a thousand, or in as many as [SetRate] says
	Full   = Mode(pages.Full)   // every scope; also looks for concurrent use of unlocked buffers
)

// Set changes the mode for scopes and allocations that begin from now on, and
// returns the previous one. It is safe for concurrent use.
func Set(m Mode) Mode { return Mode(pages.Mode.Swap(int32(m))) }

// SetRate makes [Sample] guard one scope in n. It panics if n is not positive.
func SetRate(n int) {
	if n <= 0 {
		panic(fmt.Sprintf("guard: SetRate(%d): the rate must be positive", n))
	}
	pages.SetRate(n)
}

// Check panics with an [*OverrunError] if guarded scopes that have ended had writes
// outside their blocks that were not reported yet. scope.NoEscape calls it; a buffer
// calls it at the end of its Reset.
func Check() {
	if what := pages.TakeOverruns(); what != "" {
		panic(&OverrunError{what})
	}
}

func init() {
	m, rate, ok := parse(os.Getenv("ALLOCARRAYS_GUARD"))
	if !ok {
		panic(fmt.Sprintf("guard: ALLOCARRAYS_GUARD=%q: want off, sample, sample:N or full", os.Getenv("ALLOCARRAYS_GUARD")))
	}
	Set(m)
	SetRate(rate)
}

// parse reads the environment variable; empty means off.
func parse(s string) (m Mode, rate int, ok bool) {
	name, n, given := strings.Cut(s, ":")
	rate = 1000
	if given {
		var err error
		if rate, err = strconv.Atoi(n); err != nil || rate <= 0 || name != "sample" {
			return 0, 0, false
		}
	}
	switch name {
	case "", "off":
		return Off, rate, true
	case "sample":
		return Sample, rate, true
	case "full":
		return Full, rate, true
	}
	return 0, 0, false
}
