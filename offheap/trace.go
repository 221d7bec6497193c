package offheap

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// traceDepth is how many frames of a stack are kept.
const traceDepth = 24

// A trace is a call stack, innermost first, ended by a zero or by its length. It
// is an array so that keeping one allocates nothing; names are looked up when
// somebody reads it.
type trace [traceDepth]uintptr

// capture sets t, which must be zero, to the stack of the function that calls it.
func (t *trace) capture() { runtime.Callers(2, t[:]) }

// stack returns a copy.
func (t *trace) stack() []uintptr {
	n := 0
	for n < len(t) && t[n] != 0 {
		n++
	}
	return append([]uintptr(nil), t[:n]...)
}

// userFrames returns the functions of a stack from the first on that is not of the
// allocators: what comes before says only how the request for memory was passed on.
func userFrames(stack []uintptr) []runtime.Frame {
	var all []runtime.Frame
	for frames, more := runtime.CallersFrames(stack), len(stack) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		all = append(all, f)
	}
	user := slices.IndexFunc(all, func(f runtime.Frame) bool { return !isAllocator(f.Function) })
	return all[max(user, 0):]
}

// stackText writes a stack as a panic does: a line for the function, a line for
// the place.
func stackText(stack []uintptr) string {
	var lines []string
	for _, f := range userFrames(stack) {
		lines = append(lines, fmt.Sprintf("\t%s\n\t\t%s:%d", f.Function, f.File, f.Line))
	}
	if len(lines) == 0 {
		return "\t(not known)"
	}
	return strings.Join(lines, "\n")
}

// module is where this package lies.
const module = "github.com/allocarrays/allocarrays-go/"

// isAllocator reports whether a function belongs to the packages that pass a
// request for memory on. Their tests, in packages named x_test, do not.
func isAllocator(function string) bool {
	rest, ok := strings.CutPrefix(function, module)
	pkg, _, _ := strings.Cut(rest, ".")
	return ok && (pkg == "offheap" || pkg == "bumper" || pkg == "locked" || pkg == "scope")
}
