// Package callsite names the places in a program that a report is about: the line that
// ended a scope, the stack that allocated a block. The allocators of this module use it,
// so that all reports name places in one format: file:line (function).
package callsite

import (
	"fmt"
	"runtime"
)

// Caller returns the program counter of a call, for [Place]. It counts as
// runtime.Caller does: with skip 0 it is the line that calls Caller, with 1 the line
// that called the function around it. It is 0 if the stack is not that deep.
func Caller(skip int) uintptr {
	var pc [1]uintptr
	if runtime.Callers(skip+2, pc[:]) == 0 {
		return 0
	}
	return pc[0] - 1 // Callers gives the return address; this is within the call
}

// Place names the code at pc as a compiler does, with its function: file:line
// (function). pc is a result of [Caller] or [User], or of runtime.FuncForPC(...).Entry. Of
// functions inlined in one another it names the innermost that is the program's own.
func Place(pc uintptr) string {
	if pc == 0 {
		return unknown
	}
	frame, outside := user(pc + 1)
	if !outside {
		frame, _ = runtime.CallersFrames([]uintptr{pc + 1}).Next()
	}
	return place(frame)
}

const unknown = "an unknown place"

func place(f runtime.Frame) string {
	if f.File == "" {
		return unknown
	}
	return fmt.Sprintf("%s:%d (%s)", f.File, f.Line, f.Function)
}
