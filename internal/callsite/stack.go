package callsite

import (
	"runtime"
	"slices"
	"strings"
)

// Depth is how many calls a [Stack] keeps.
const Depth = 24

// A Stack is a call stack, innermost first. It is an array so that to keep one costs no
// object; names are looked up when somebody reads it. The zero Stack is empty.
type Stack [Depth]uintptr

// Capture sets s to the stack of the function that calls Capture.
func (s *Stack) Capture() {
	n := runtime.Callers(2, s[:])
	clear(s[n:])
}

// Empty reports whether s holds no call.
func (s *Stack) Empty() bool { return s[0] == 0 }

// Callers returns a copy of s, as runtime.Callers returns it; nil if s is empty.
func (s *Stack) Callers() []uintptr {
	n := 0
	for n < len(s) && s[n] != 0 {
		n++
	}
	return append([]uintptr(nil), s[:n]...)
}

// Frames returns the functions of a stack of runtime.Callers, beginning with the one
// that asked an allocator of this module for memory: the calls before it only show how
// the request was passed on. If all of them belong to allocators, none is left out.
func Frames(callers []uintptr) []runtime.Frame {
	var all []runtime.Frame
	for frames, more := runtime.CallersFrames(callers), len(callers) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		all = append(all, f)
	}
	asked := slices.IndexFunc(all, func(f runtime.Frame) bool { return !passesOn(f.Function) })
	return all[max(asked, 0):]
}

// Text formats [Frames] of a stack, an indented line for each call, without a newline at
// the end.
func Text(callers []uintptr) string {
	var lines []string
	for _, f := range Frames(callers) {
		lines = append(lines, "\t"+place(f))
	}
	if len(lines) == 0 {
		return "\t" + unknown
	}
	return strings.Join(lines, "\n")
}

// module is the path of this module.
const module = "github.com/allocarrays/allocarrays-go/"

// passesOn reports whether a function belongs to a package that passes requests for
// memory on. Their tests, in packages named x_test, do not, nor does the kit for them.
func passesOn(function string) bool {
	rest, ours := strings.CutPrefix(function, module)
	pkg, _, _ := strings.Cut(rest, ".")
	if !ours {
		return false
	}
	switch pkg {
	case "scope", "scope/guard", "scope/memory", "bumper", "locked", "meter", "offheap", "plan/replay", "internal/callsite", "internal/handshake":
		return true
	}
	return strings.HasPrefix(pkg, "scope/internal/") && !strings.HasSuffix(pkg, "_test")
}
