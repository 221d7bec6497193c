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

// Outside is Caller for the first call that a function outside the allocators of this
// module made: a shared buffer, for example, passes a Reset on to the buffer inside. If
// there is none, it is the call that skip says.
func Outside(skip int) uintptr {
	for up := skip + 1; ; up++ {
		pc := Caller(up)
		if pc == 0 {
			return Caller(skip + 1)
		}
		if f := runtime.FuncForPC(pc); f == nil || !passesOn(f.Name()) {
			return pc
		}
	}
}

// Place names the code at pc as a compiler does, with its function: file:line
// (function). pc is a result of [Caller], or of runtime.FuncForPC(...).Entry.
func Place(pc uintptr) string {
	if pc == 0 {
		return unknown
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc + 1}).Next()
	return place(frame)
}

const unknown = "an unknown place"

func place(f runtime.Frame) string {
	if f.File == "" {
		return unknown
	}
	return fmt.Sprintf("%s:%d (%s)", f.File, f.Line, f.Function)
}
