package guard

import (
	"fmt"
	"runtime"
	"strings"
)

// plumbing begins the names of functions between user code and here.
const plumbing = "github.com/allocarrays/allocarrays-go/scope."

// stack formats where the block was allocated, a line for each call.
func (b *Block) stack() string { return Stack(b.pcs[:b.depth]) }

// Stack formats a stack of runtime.Callers, a line for each call, without package
// scope's own.
func Stack(pcs []uintptr) string {
	var s strings.Builder
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, plumbing) {
			fmt.Fprintf(&s, "\t%s:%d (%s)\n", f.File, f.Line, f.Function)
		}
		if !more {
			return s.String()
		}
	}
}
