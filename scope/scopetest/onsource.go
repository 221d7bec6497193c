package scopetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestOnSource tests an allocator that takes its memory from a [bumper.Source]: each
// acquisition fails in turn, alone and with all that follow. Nothing may change by it,
// the error must tell, and the allocator must work again when the source does; what it
// releases must be what it acquired. Each call of new returns a fresh allocator on src.
//
// If it has a method Close() error, that must release everything.
func TestOnSource(t testing.TB, new func(src bumper.Source) scope.Allocator) {
	t.Helper()
	var f findings
	o := onSource{new}
	for _, p := range o.programs() {
		f.run(o.failing(0, 0, p), one(p))
		for n := 1; n <= o.acquisitions(p) && !f.has(trial.Cause); n++ {
			for _, to := range []int{n + 1, n + 2, 0} {
				f.run(o.failing(n, to, p), one(p))
			}
		}
	}
	for _, lie := range []lying{{short: 1}, {shift: 1}, {shift: 32}} {
		program := fmt.Sprintf("a := new(src) // which returns %d bytes too few, %d bytes beyond a multiple of 64\nb0, err := a.Alloc(100, 8)", lie.short, lie.shift)
		f.check(program, func() { checkMistrust(new(lie)) })
	}
	f.check("a := new(src)\n_, _ = a.Alloc(10, 1) // src panics\nb0, err := a.Alloc(10, 1)", func() { checkPoise(new) })
	f.report(t, onSourceRules...)
}

var onSourceRules = []*trial.Rule{
	trial.OnlySource, trial.Cause, trial.Recovery, trial.Exact, trial.Mistrust, trial.Poise, trial.Unchanged,
}

// one yields a single program.
func one(p trial.Program) func(func(trial.Program) bool) {
	return func(yield func(trial.Program) bool) { yield(p) }
}

// onSource is an allocator that is tested on sources that fail.
type onSource struct {
	new func(src bumper.Source) scope.Allocator
}

// programs acquire in many places: in nested scopes, after the end of scopes, and in
// levels for what has them. Run twice, none needs more than Room at a time.
func (onSource) programs() []trial.Program {
	inner := scoped(trial.ByReturn, alloc(8192, 8), alloc(100, 8), alloc(30_000, 8))
	outer := scoped(trial.ByReturn, alloc(500, 8), alloc(5000, 64), alloc(20_000, 8), inner, inner, alloc(64, 8), alloc(12_000, 8))
	level := trial.Program{op(trial.Checkpoint), alloc(3000, 8), op(trial.Checkpoint), alloc(40_000, 8), op(trial.Restore), alloc(40_000, 8), op(trial.Restore)}
	return []trial.Program{
		{alloc(10, 8), alloc(3000, 8), outer, op(trial.Reset), outer, alloc(1000, 8)},
		append(trial.Program{alloc(100, 8)}, append(level, level...)...),
		{alloc(1, 1), scoped(trial.ByReturn, alloc(Room/2, 64))},
	}
}

// acquisitions counts those of a program on a source that does not fail.
func (o onSource) acquisitions(p trial.Program) int {
	src := &trial.Source{}
	s := trial.Plain(levelOf(o.new(&trial.Source{})), Room, func() scope.Allocator { return o.new(src) })
	s.Tight = true
	s.Run(p)
	return min(src.Acquired, 64)
}

// levelOf tells which contract a claims to keep.
func levelOf(a scope.Allocator) trial.Level {
	switch a.(type) {
	case bumper.Buffer:
		return trial.AsBuffer
	case memory.Checkpointer:
		return trial.AsCheckpointer
	}
	return trial.AsAllocator
}

// failing returns a subject on a source whose acquisitions fail from the from-th on up
// to the to-th. After each program the source supplies again, and so must the
// allocator: p again, and all of it.
func (o onSource) failing(from, to int, p trial.Program) trial.Subject {
	name := "new(src)"
	if from > 0 {
		name += fmt.Sprintf(" // src refuses acquisition %d", from)
		switch {
		case to == 0:
			name += " and all that follow"
		case to > from+1:
			name += fmt.Sprintf(" to %d", to-1)
		}
	}
	return trial.Subject{
		Name:  name,
		Level: levelOf(o.new(&trial.Source{})),
		New: func() trial.Instance {
			src := &trial.Source{FailFrom: from, FailTo: to}
			w := &watch{src: src, a: o.new(src)}
			w.releases = releases(w.a)
			return trial.Instance{Allocator: w.a, After: w.after, Finish: func() { w.finish(p) }}
		},
	}
}

// A watch looks at what an allocator does with its source.
type watch struct {
	src      *trial.Source
	a        scope.Allocator
	releases bool // at the end of a scope
	refused  int  // acquisitions so far
	granted  int  // bytes so far
}

// after looks at the result of one Alloc.
func (w *watch) after(size, align uintptr, b memory.Block, err error) (excused bool) {
	failed := w.src.Refused > w.refused
	w.refused = w.src.Refused
	w.checkBooks()
	if err == nil {
		w.granted += int(size)
		trial.Require(size == 0 || w.src.Holds(b.Bytes()), trial.OnlySource, "Alloc(%d, %d) returns memory that the source did not supply or has back", size, align)
		return false
	}
	if failed {
		trial.Require(errors.Is(err, trial.ErrSource), trial.Cause, "the error %q does not match that of the source, %q", err, trial.ErrSource)
		return true
	}
	trial.Require(!w.releases && w.granted+int(size) > Room, trial.Cause, "Alloc(%d, %d) is refused, which the source did not: %v", size, align, err)
	return true
}

// releases reports whether NoEscape releases memory of a.
func releases(a scope.Allocator) bool {
	_, regions := memory.As[handshake.RegionOpener](a)
	_, checkpoints := memory.As[memory.Checkpointer](a)
	return regions || checkpoints
}

func (w *watch) checkBooks() {
	switch err := w.src.Err; {
	case errors.Is(err, trial.ErrRequest):
		trial.Require(false, trial.OnlySource, "%v", err)
	case err != nil:
		trial.Require(false, trial.Exact, "%v", err)
	}
}

// finish runs p again, on a source that does not fail any more, and closes.
func (w *watch) finish(p trial.Program) {
	failed := w.src.FailFrom > 0
	w.src.FailFrom = 0
	again := trial.Subject{Level: levelOf(w.a), New: func() trial.Instance {
		return trial.Instance{Allocator: w.a, After: w.after}
	}}
	if v := again.Run(p); v != nil {
		trial.Require(!failed, trial.Recovery, "when the same is done again and the source supplies, %s: %s", v.Rule.Name, v.Message)
		panic(v)
	}
	c, ok := w.a.(interface{ Close() error })
	if !ok {
		return
	}
	err := c.Close()
	trial.Require(err == nil, trial.Exact, "Close: %v", err)
	w.checkBooks()
	bytes, pieces := w.src.Held()
	trial.Require(pieces == 0, trial.Exact, "after Close %d bytes in %d pieces are not released", bytes, pieces)
	_, err = w.a.Alloc(1, 1)
	trial.Require(errors.Is(err, scope.ErrExhausted), trial.Exact, "after Close, Alloc(1, 1): %v", err)
}

// lying is a source that breaks its contract.
type lying struct{ short, shift int }

func (s lying) Acquire(size int) ([]byte, error) {
	b, err := scope.Heap().Alloc(uintptr(size+64), 64)
	return b.Bytes()[s.shift : s.shift+size-s.short], err
}

func (lying) Release([]byte) {}

func checkMistrust(a scope.Allocator) {
	_, err := a.Alloc(100, 8)
	trial.Require(err != nil, trial.Mistrust, "Alloc(100, 8) uses what it got")
	trial.Require(errors.Is(err, scope.ErrExhausted), trial.Mistrust, "the error %q does not match ErrExhausted", err)
}

// panicking is a source that panics as long as it is not calm.
type panicking struct {
	trial.Source
	calm bool
}

var errPanicking = errors.New("scopetest: the source panics")

func (s *panicking) Acquire(size int) ([]byte, error) {
	if !s.calm {
		panic(errPanicking)
	}
	return s.Source.Acquire(size)
}

func checkPoise(new func(src bumper.Source) scope.Allocator) {
	src := &panicking{}
	a, asked := scope.Allocator(nil), false
	func() {
		defer func() {
			v := recover()
			asked = v != nil
			trial.Require(v == nil || v == errPanicking, trial.Poise, "the source's panic arrives as %v", v)
		}()
		a = new(src)
		_, _ = a.Alloc(10, 1)
	}()
	src.calm = true
	if a == nil || !asked {
		return // it acquires before, or has no need to
	}
	done := make(chan error, 1)
	go func() {
		_, err := a.Alloc(10, 1)
		done <- err
	}()
	select {
	case err := <-done:
		trial.Require(err == nil, trial.Poise, "Alloc(10, 1), after a panic: %v", err)
	case <-time.After(10 * time.Second):
		trial.Require(false, trial.Poise, "Alloc(10, 1), after a panic, does not return")
	}
}
