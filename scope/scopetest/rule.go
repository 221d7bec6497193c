package scopetest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"testing"
)

// A rule is one promise of a contract, checked on what new returns.
type rule[A any] struct {
	name  string
	text  string // the promise, quoted when it is broken
	check func(new func() A)
}

// violation is the value of the panic with which a check ends early.
type violation struct{ error }

// require ends the running check with a message unless ok.
func require(ok bool, format string, args ...any) {
	if !ok {
		panic(violation{fmt.Errorf(format, args...)})
	}
}

// find runs f and returns the violation that ended it. Any other panic is a
// finding as well: no rule provokes one without expecting it.
func find(f func()) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case violation:
			err = v.error
		default:
			err = fmt.Errorf("unexpected panic: %v\n%s", v, debug.Stack())
		}
	}()
	f()
	return nil
}

func (r rule[A]) violated(new func() A) error {
	if err := find(func() { r.check(new) }); err != nil {
		return fmt.Errorf("%s: %w\nthe contract: %s", r.name, err, r.text)
	}
	return nil
}

// test runs the rules as subtests.
func test[A any](t *testing.T, rules []rule[A], new func() A) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if err := r.violated(new); err != nil {
				t.Error(err)
			}
		})
	}
}

// collect returns all violations of the rules as one error.
func collect[A any](rules []rule[A], new func() A) error {
	var errs []error
	for _, r := range rules {
		errs = append(errs, r.violated(new))
	}
	return errors.Join(errs...)
}

// panicOf returns the value f panics with, nil if it does not. Violations go on.
func panicOf(f func()) (v any) {
	defer func() {
		v = recover()
		if found, ok := v.(violation); ok {
			panic(found)
		}
	}()
	f()
	return nil
}

// inGoroutine runs f in a goroutine of its own and waits for its end, however it
// ends: by return, by runtime.Goexit or by a violation, which goes on here.
func inGoroutine(f func()) {
	done := make(chan error, 1)
	go func() {
		var err error
		defer func() { done <- err }()
		err = find(f)
	}()
	if err := <-done; err != nil {
		panic(violation{err})
	}
}
