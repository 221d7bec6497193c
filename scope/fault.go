package scope

import (
	"runtime/debug"
	"strings"
)

// watchFaults makes faults of this goroutine panics, from now on: a use after the
// end of a scope comes after the end of NoEscape.
func watchFaults() {
	if guarding() {
		debug.SetPanicOnFault(true)
	}
}

// explainFault returns the recovered value v or, if that is a fault at a guarded
// block, an error that says what was touched.
func explainFault(v any) any {
	fault, ok := v.(interface{ Addr() uintptr })
	if !ok {
		return v
	}
	f, ok := guards.Explain(fault.Addr())
	switch {
	case !ok:
		return v
	case f.Released && f.Inside:
		return &StaleError{What: "scope: access to " + f.What, End: endedAt(f.End), Fix: staleFix}
	case f.Released:
		return &OverrunError{"access to " + f.What + "whose scope has " + endedAt(f.End)}
	}
	return &OverrunError{"access to " + strings.TrimSpace(f.What)}
}

// endedAt describes the end of a scope at pc, which is 0 if it was not noted.
func endedAt(pc uintptr) string {
	if pc == 0 {
		return "ended"
	}
	return "ended at " + location(pc)
}

const staleFix = "copy what must outlive a scope before it ends"
