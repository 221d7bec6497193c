package trial

import (
	"fmt"
	"runtime"
	"strings"
)

// A Violation says which rule was broken, how, and by what program.
type Violation struct {
	Rule    *Rule
	Message string
	Program string // statements, a line each; empty if there is no program
}

// Error tells all of it, in several lines.
func (v *Violation) Error() string {
	text := fmt.Sprintf("%s: %s\nthe contract: %s", v.Rule.Name, v.Message, v.Rule.Text)
	if v.Program != "" {
		text += "\nthe shortest program found:\n\t" + strings.ReplaceAll(strings.TrimSuffix(v.Program, "\n"), "\n", "\n\t")
	}
	return text
}

// Require ends the running check with a [Violation] of rule unless ok.
func Require(ok bool, rule *Rule, format string, args ...any) {
	if !ok {
		panic(&Violation{Rule: rule, Message: fmt.Sprintf(format, args...)})
	}
}

// Find runs f, which uses ledgers, and returns the [Violation] that ended it. Any other
// panic violates a rule as well: no check provokes one without expecting it.
func Find(f func()) error {
	if v := find(f); v != nil {
		return v
	}
	return nil
}

func find(f func()) (v *Violation) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Violation:
			v = p
		default:
			v = &Violation{Rule: Panics, Message: fmt.Sprintf("unexpected panic: %v%s", p, origin())}
		}
	}()
	f()
	return nil
}

// origin tells where the panic began that a deferred function has just recovered.
func origin() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for panicked := false; ; {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicked && !inRuntime {
			return fmt.Sprintf(" (at %s:%d, in %s)", frame.File, frame.Line, frame.Function)
		}
		panicked = panicked || inRuntime
		if !more {
			return ""
		}
	}
}

// panicOf returns the value f panics with, nil if it does not. Violations go on.
func panicOf(f func()) (v any) {
	defer func() {
		v = recover()
		if found, ok := v.(*Violation); ok {
			panic(found)
		}
	}()
	f()
	return nil
}

// inGoroutine runs f in a goroutine of its own and waits for its end, however it ends:
// by return, by runtime.Goexit or by a violation, which goes on here.
func inGoroutine(f func()) {
	done := make(chan *Violation, 1)
	go func() {
		var v *Violation
		defer func() { done <- v }()
		v = find(f)
	}()
	if v := <-done; v != nil {
		panic(v)
	}
}
