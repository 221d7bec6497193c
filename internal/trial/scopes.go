package trial

import (
	"context"
	"errors"
	"runtime"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// scope runs body in a NoEscape that ends as it is told.
func (m *machine) scope(end Ending, body Program) {
	outer, depth := m.ctx, len(m.open)
	m.trace.open("})", "err = scope.NoEscape(ctx, func(ctx context.Context) error {")
	inside := func(ctx context.Context) {
		m.ctx = ctx
		m.scopes++
		m.push(true)
		for _, op := range body {
			m.step(op)
		}
		m.leaveOpen(end, depth)
	}
	noEscape(m, end, inside)
	m.trace.close()
	m.ctx = outer
	m.scopes--
	if m.stopped {
		return
	}
	var owners []int
	for len(m.open) > depth {
		owners = append(owners, m.pop().owner)
	}
	if m.releases {
		m.ledger.End(owners...)
	} else {
		m.ledger.Verify()
	}
}

// leaveOpen restores what the body left open above depth; a body that panics or
// forgets leaves it, the latter at least one.
func (m *machine) leaveOpen(end Ending, depth int) {
	c, ok := m.checkpointer()
	if !ok || m.stopped {
		return
	}
	switch {
	case end == Forgetting && len(m.open) == depth+1:
		m.trace.add("_ = a.Checkpoint()")
		c.Checkpoint()
		m.push(false)
	case end != Forgetting && (end != ByPanic || !m.unwinds()):
		for len(m.open) > depth+1 {
			m.restoreTop()
		}
	}
}

// noEscape runs inside in a scope, ends it, and checks what comes out of it, unless
// nothing can be expected any more.
func noEscape(m *machine, end Ending, inside func(context.Context)) {
	expect := func(ok bool, format string, args ...any) {
		Require(ok || m.stopped, Endings, format, args...)
	}
	run := func(last func() error) error {
		return scope.NoEscape(m.ctx, func(ctx context.Context) error { inside(ctx); return last() })
	}
	switch end {
	case ByError:
		err := run(func() error { m.trace.add("return errEnding"); return errEnding })
		expect(err == errEnding, "NoEscape returns %v instead of fn's error", err)
	case ByPanic:
		v := panicOf(func() { _ = run(func() error { m.trace.add("panic(errEnding)"); panic(errEnding) }) })
		expect(v == errEnding, "fn's panic arrives as %v", v)
	case ByGoexit:
		inGoroutine(func() {
			_ = run(func() error { m.trace.add("runtime.Goexit()"); runtime.Goexit(); return nil })
			expect(false, "runtime.Goexit ended in NoEscape")
		})
	case ByExhausted:
		err := run(func() error {
			m.trace.add("scope.Make[uint64](ctx, math.MaxUint>>4)")
			scope.Make[uint64](m.ctx, int(^uint(0)>>4))
			return nil
		})
		expect(errors.Is(err, scope.ErrExhausted), "exhausted memory arrives as %v", err)
	case Forgetting:
		m.forget(run)
	default:
		err := run(func() error { m.trace.add("return nil"); return nil })
		expect(err == nil, "NoEscape: %v", err)
	}
}

// forget ends a scope in which a checkpoint was left open. If the allocator cannot
// unwind, its levels are in disorder from now on.
func (m *machine) forget(run func(func() error) error) {
	_, checkpoints := m.checkpointer()
	err := run(func() error { m.trace.add("return errEnding"); return errEnding })
	Require(errors.Is(err, errEnding), Forgotten, "NoEscape returns %v, in which fn's own error is lost", err)
	if !checkpoints || m.stopped {
		return
	}
	Require(err != errEnding, Forgotten, "NoEscape returns fn's error alone, though a checkpoint was left open")
	Require(m.Level < AsBuffer || errors.Is(err, bumper.ErrOutOfOrder), Forgotten, "NoEscape returns %v, which does not match %v", err, bumper.ErrOutOfOrder)
	m.stopped = !m.unwinds()
}
