package corpus

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// within tries to release a buffer inside a scope, whose array stays intact.
func within(release func(m *buffer) error) func(k Kind) error {
	return func(k Kind) error {
		m := k.new()
		return scope.NoEscape(m.ctx, func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			err := release(m)
			must(at(x))
			return err
		})
	}
}

// during tries to release a buffer while a group of goroutines uses it, from one of
// them. What another has there stays intact.
func during(release func(m *buffer, cp memory.Checkpoint) error) func(k Kind) error {
	return func(k Kind) error {
		m := k.share()
		cp := m.slabs.Checkpoint()
		g := locked.NewGroup(m.ctx)
		filled, tried := make(chan bool), make(chan bool)
		g.Go(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 1000)
			close(filled)
			<-tried
			return seven(allocarray.Sum(x) / 1000)
		})
		g.Go(func(context.Context) error {
			defer close(tried)
			<-filled
			return release(m, cp)
		})
		return g.Wait()
	}
}

// intact runs restore while an array of sevens lives in m.
func (m *buffer) intact(restore func() error) error {
	x := allocarray.Full(m.ctx, 7.0, 10)
	err := restore()
	must(at(x))
	return err
}

var orders = []Program{
	{Name: "reset-in-scope", What: "Reset inside a scope", run: within((*buffer).reset)},
	{Name: "close-in-scope", What: "Close inside a scope", run: within(func(m *buffer) error { return m.slabs.Close() })},
	{Name: "reset-in-goroutine", What: "Reset in a goroutine while a group uses the buffer", Kinds: shared,
		run: during(func(m *buffer, _ memory.Checkpoint) error { return m.reset() })},
	{Name: "restore-in-goroutine", What: "Restore in a goroutine while a group uses the buffer", Kinds: shared,
		run: during(func(m *buffer, cp memory.Checkpoint) error { return m.slabs.Restore(cp) })},
	{Name: "close-in-goroutine", What: "Close in a goroutine while a group uses the buffer", Kinds: shared,
		run: during(func(m *buffer, _ memory.Checkpoint) error { return m.slabs.Close() })},
	{Name: "restore-out-of-order", What: "an outer checkpoint restored before an inner one", Kinds: unlocked, run: func(k Kind) error {
		m := k.new()
		outer := m.slabs.Checkpoint()
		m.slabs.Checkpoint()
		return m.intact(func() error { return m.slabs.Restore(outer) })
	}},
	{Name: "restore-twice", What: "a checkpoint restored twice", Kinds: unlocked, run: func(k Kind) error {
		m := k.new()
		outer := m.slabs.Checkpoint()
		inner := m.slabs.Checkpoint()
		must(m.slabs.Restore(inner))
		defer func() { must(m.slabs.Restore(outer)) }()
		return m.intact(func() error { return m.slabs.Restore(inner) })
	}},
	{Name: "restore-foreign", What: "a checkpoint of buffer A restored on buffer B", Kinds: unlocked, run: func(k Kind) error {
		a, b := k.new(), k.new()
		cp := a.slabs.Checkpoint()
		b.slabs.Checkpoint()
		return b.intact(func() error { return b.slabs.Restore(cp) })
	}},
	{Name: "restore-zero", What: "the zero Checkpoint restored", Kinds: unlocked, run: func(k Kind) error {
		return k.new().slabs.Restore(memory.Checkpoint{})
	}},
	{Name: "two-buffers", What: "an array of one buffer used in a scope of another: each lives by its own scope", run: func(k Kind) error {
		a, b := k.new(), k.new()
		return scope.NoEscape(a.ctx, func(a context.Context) error {
			x := allocarray.Full(a, 7.0, 10)
			var y array
			for range 100 {
				must(scope.NoEscape(b.ctx, func(b context.Context) error {
					y = allocarray.Add(b, x, x)
					return seven(allocarray.Sum(y) / 20)
				}))
			}
			expect(x.Live() && !y.Live(), "the wrong one lives")
			return seven(allocarray.Sum(x) / 10)
		})
	}},
}
