package scope

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// Explain returns the error that a recovered value v stands for. In guard mode, using a
// raw slice after its scope, or beyond its ends, is a fault that reports only an invalid
// address. Explain turns it into the [*StaleError] or guard.OverrunError that says which
// block it was, and where the block was allocated and released. It returns any other
// error unchanged, any other value as an error that prints it, and nil for nil.
//
// [NoEscape] and [Try] explain the panics that pass through them. Explain is for code
// that recovers other panics, such as the middleware of a server.
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

// watchFaults turns the faults of this goroutine into panics from now on, also after
// NoEscape has returned, when stale memory is used.
func watchFaults() {
	if pages.On() {
		debug.SetPanicOnFault(true)
	}
}

// explained returns the recovered value v or, if v is a fault at a guarded block, an
// error that says what was accessed.
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
		return newStaleError("scope: access to "+f.What, endedAt(f.End), staleFix)
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
