package scope

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// Explain returns the error that a recovered value v stands for. In guard mode a use of
// a raw slice after its scope, or outside it, is a fault, which says no more than that
// an address is invalid: Explain turns it into the [*StaleError] or guard.OverrunError
// that tells which block it was and where that was allocated and released. Any other
// error is returned as it is, any other value as an error that prints it, and nil is
// nil.
//
// Below [NoEscape] and [Try] panics are explained already. Explain is for what recovers
// panics behind them, such as the middleware of a server.
func Explain(v any) error {
	switch v := explained(v).(type) {
	case nil:
		return nil
	case error:
		return v
	default:
		return fmt.Errorf("%v", v)
	}
}

// watchFaults makes faults of this goroutine panics, from now on: a use after the
// end of a scope comes after the end of NoEscape.
func watchFaults() {
	if pages.On() {
		debug.SetPanicOnFault(true)
	}
}

// explained returns the recovered value v or, if that is a fault at a guarded
// block, an error that says what was accessed.
func explained(v any) any {
	fault, ok := v.(interface{ Addr() uintptr })
	if !ok {
		return v
	}
	f, ok := pages.Explain(fault.Addr())
	switch {
	case !ok:
		return v
	case f.Released && f.Inside:
		return &StaleError{What: "scope: access to " + f.What, End: endedAt(f.End), Fix: staleFix}
	case f.Released:
		return &guard.OverrunError{What: "access to " + f.What + "whose scope has " + endedAt(f.End)}
	}
	return &guard.OverrunError{What: "access to " + strings.TrimSpace(f.What)}
}

// endedAt describes the end of a scope at pc, which is 0 if it was not recorded.
func endedAt(pc uintptr) string {
	if pc == 0 {
		return "ended"
	}
	return "ended at " + callsite.Place(pc)
}

const staleFix = "copy what must outlive a scope before it ends"
