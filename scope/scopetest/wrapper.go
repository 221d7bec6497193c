package scopetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestWrapper tests the contract of [memory.Wrapper], around the heap, a bump buffer and
// a buffer whose scopes are regions, and that of [scope.Allocator] with it. A wrapper
// may refuse what the wrapped allocator would grant, or grant what it refuses. wrap
// returns a fresh wrapper around inner, or several in a chain.
//
// A limit is seen to be in force in regions if it is below 2 MiB. What a wrapper
// counts, nobody but its author can test.
func TestWrapper(t testing.TB, wrap func(inner scope.Allocator) scope.Allocator) {
	t.Helper()
	var f findings
	f.chain(wrap)
	if !f.has(trial.Chain) {
		f.rewrap(wrap)
		for _, kind := range []string{"heap", "buffer", "full buffer"} {
			f.wrapped(wrap, kind)
		}
		s := trial.Plain(trial.AsAllocator, Room, func() scope.Allocator { return wrap(locked.Share(bumper.NewAllocBuffer(8 * Room))) })
		s.Name, s.Tight = "wrap(locked)", true
		f.run(s, allocatorPrograms)
	}
	f.report(t, slices.Concat(wrapperRules, allocatorRules)...)
}

var wrapperRules = []*trial.Rule{trial.Chain, trial.PassesOn, trial.Errors, trial.Rewraps, trial.InForce}

// A spy is what is wrapped: it notes how it is called, and fails when it is told to.
type spy struct {
	scope.Allocator
	calls  []call // since the last look
	made   int    // calls so far
	failAt int    // the number of the call that fails, if positive
}

type call struct {
	size, align uintptr
	block       memory.Block
	err         error
}

var errSpy = errors.New("scopetest: the wrapped allocator fails")

func (s *spy) Alloc(size, align uintptr) (memory.Block, error) {
	s.made++
	c := call{size: size, align: align}
	if s.made == s.failAt && size > 0 {
		c.err = &scope.ExhaustedError{Allocator: "wrapped", Requested: size, Cause: errSpy}
	} else {
		c.block, c.err = s.Allocator.Alloc(size, align)
	}
	s.calls = append(s.calls, c)
	return c.block, c.err
}

// look returns the calls since the last look.
func (s *spy) look() []call {
	calls := s.calls
	s.calls = nil
	return calls
}

// A spyBuffer is a spy that scopes can restore.
type spyBuffer struct {
	*spy
	buf *bumper.AllocBuffer
}

func (s spyBuffer) Checkpoint() memory.Checkpoint      { return s.buf.Checkpoint() }
func (s spyBuffer) Restore(cp memory.Checkpoint) error { return s.buf.Restore(cp) }
func (s spyBuffer) Unwind(cp memory.Checkpoint) error  { return s.buf.Unwind(cp) }

// newSpy returns a spy of a kind, as itself and as what is to be wrapped.
func newSpy(kind string) (*spy, scope.Allocator) {
	if kind == "heap" {
		s := &spy{Allocator: scope.Heap()}
		return s, s
	}
	size := 4 * Room
	if kind == "full buffer" {
		size = 5000
	}
	buf := bumper.NewAllocBuffer(size)
	s := &spy{Allocator: buf}
	return s, spyBuffer{s, buf}
}

// chain walks from a wrapper to what it wraps.
func (f *findings) chain(wrap func(scope.Allocator) scope.Allocator) {
	f.check("w := wrap(inner)\nfor a := w; a != inner; a = a.Unwrap() {\n\t_ = a.(memory.Wrapper)\n}", func() {
		_, inner := newSpy("heap")
		a := wrap(inner)
		for range 100 {
			if a == inner {
				return
			}
			trial.Require(a != nil, trial.Chain, "Unwrap does not lead to the wrapped allocator, but to nil")
			w, ok := a.(memory.Wrapper)
			trial.Require(ok, trial.Chain, "%T is no memory.Wrapper: it needs Unwrap() and Rewrap(inner)", a)
			a = w.Unwrap()
		}
		trial.Require(false, trial.Chain, "Unwrap does not lead to the wrapped allocator")
	})
}

// wrapped runs programs over wrappers of spies, and lets each call of some fail.
func (f *findings) wrapped(wrap func(scope.Allocator) scope.Allocator, kind string) {
	subject := func(failAt int) trial.Subject {
		name := fmt.Sprintf("wrap(%s)", kind)
		if failAt > 0 {
			name += fmt.Sprintf(" // which refuses call %d", failAt)
		}
		return trial.Subject{Name: name, Room: Room, Tight: true, New: func() trial.Instance {
			s, inner := newSpy(kind)
			s.failAt = failAt
			return trial.Instance{
				Allocator: wrap(inner),
				Before:    func() { s.look() },
				After: func(size, align uintptr, b memory.Block, err error) bool {
					checkCalls(s.look(), size, align, b, err)
					return true
				},
			}
		}}
	}
	f.run(subject(0), allocatorPrograms)
	f.run(subject(0), random)
	scenario := trial.Program{alloc(10, 8), scoped(trial.ByReturn, alloc(500, 64), alloc(3, 1), scoped(trial.ByError, alloc(1000, 8)), alloc(64, 8)), alloc(20, 4)}
	for n := 1; n <= 6; n++ {
		f.run(subject(n), one(scenario))
	}
}

// checkCalls compares one Alloc of a wrapper with the calls that it made.
func checkCalls(calls []call, size, align uintptr, b memory.Block, err error) {
	for _, c := range calls {
		trial.Require(c.size == size && c.align == align, trial.PassesOn, "Alloc(%d, %d) asks the wrapped allocator for Alloc(%d, %d)", size, align, c.size, c.align)
	}
	if len(calls) == 0 {
		trial.Require(err != nil || size == 0, trial.PassesOn, "Alloc(%d, %d) returns a block without asking the wrapped allocator", size, align)
		return
	}
	switch last := calls[len(calls)-1]; {
	case last.err == nil:
		trial.Require(err == nil, trial.PassesOn, "Alloc(%d, %d) is granted by the wrapped allocator, but refused: %v", size, align, err)
		trial.Require(b == last.block, trial.PassesOn, "Alloc(%d, %d) returns another block than the wrapped allocator", size, align)
	case err != nil && errors.Is(last.err, errSpy):
		trial.Require(errors.Is(err, errSpy), trial.Errors, "the error %q does not match that of the wrapped allocator, %q", err, last.err)
	}
}

// rewrapped puts the wrappers in a's chain around other instead of inner.
func rewrapped(a, inner, other scope.Allocator) scope.Allocator {
	if a == inner {
		return other
	}
	w := a.(memory.Wrapper)
	return w.Rewrap(rewrapped(w.Unwrap(), inner, other))
}

const rewrapProgram = "w := wrap(inner)\nr := w.Rewrap(other)"

// rewrap compares a wrapper with what Rewrap makes of it.
func (f *findings) rewrap(wrap func(scope.Allocator) scope.Allocator) {
	f.check(rewrapProgram+"\nb0, err := r.Alloc(100, 8)\nb1, err := w.Alloc(100, 8)", func() {
		mine, inner := newSpy("heap")
		its, other := newSpy("buffer")
		w := wrap(inner)
		r := rewrapped(w, inner, other)
		trial.Require(reflect.TypeOf(r) == reflect.TypeOf(w), trial.Rewraps, "Rewrap of a %T returns a %T", w, r)
		b, err := r.Alloc(100, 8)
		trial.Require(len(mine.look()) == 0, trial.Rewraps, "what Rewrap returned asks the first allocator, not the other")
		checkCalls(its.look(), 100, 8, b, err)
		b, err = w.Alloc(100, 8)
		trial.Require(len(its.look()) == 0, trial.Rewraps, "after Rewrap, the first wrapper asks the other allocator")
		checkCalls(mine.look(), 100, 8, b, err)
		_, ok := memory.As[spyBuffer](r)
		trial.Require(ok, trial.Rewraps, "Unwrap of what Rewrap returned does not lead to the other allocator")
	})
	for _, size := range []uintptr{4000, 300_000} {
		program := rewrapProgram + fmt.Sprintf("\nfor err == nil {\n\t_, err = w.Alloc(%d, 8)\n}\n_, err = r.Alloc(%d, 8)", size, size)
		f.check(program, func() { checkInForce(wrap, size, false) })
		program = rewrapProgram + fmt.Sprintf("\nfor err == nil {\n\t_, err = r.Alloc(%d, 8)\n}\n_, err = w.Alloc(%d, 8)", size, size)
		f.check(program, func() { checkInForce(wrap, size, true) })
	}
}

// checkInForce reaches the limit of a wrapper, if it has one, and asks what was
// rewrapped for more; or the other way round.
func checkInForce(wrap func(scope.Allocator) scope.Allocator, size uintptr, swap bool) {
	const most = 2 << 20
	mine, inner := newSpy("heap")
	its, other := newSpy("heap")
	first := wrap(inner)
	second := rewrapped(first, inner, other)
	names := []string{"the wrapper", "the rewrapped one"}
	if swap {
		first, second, mine, its = second, first, its, mine
		slices.Reverse(names)
	}
	for given := uintptr(0); given < most; given += size {
		_, err := first.Alloc(size, 8)
		if asked := mine.look(); err == nil || len(asked) > 0 {
			continue
		}
		_, again := second.Alloc(size, 8)
		trial.Require(again != nil, trial.InForce, "%s refuses Alloc(%d, 8) after %d bytes (%v), but %s grants it", names[0], size, given, err, names[1])
		trial.Require(len(its.look()) == 0, trial.InForce, "%s refuses Alloc(%d, 8) after %d bytes, but %s asks for it", names[0], size, given, names[1])
		return
	}
}
