package corpus

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// reset and closed are ways to release a buffer. After reset its memory is filled anew.
func reset(m *buffer) {
	must(m.reset())
	fill(scope.Make[float64](m.ctx, 10), -1)
}

func closed(m *buffer) { must(m.slabs.Close()) }

// later uses an array of sevens after its buffer was released.
func later(release func(m *buffer)) func(k Kind) error {
	return func(k Kind) error {
		m := k.new()
		x := allocarray.Full(m.ctx, 7.0, 10)
		release(m)
		return at(x)
	}
}

// laterSlice is later with a raw slice.
func laterSlice(release func(m *buffer)) func(k Kind) error {
	return func(k Kind) error {
		m := k.new()
		s := scope.Make[float64](m.ctx, 10)
		fill(s, 7)
		release(m)
		return read(s)
	}
}

// restored uses what was allocated in a level that was restored.
func restored(use func(x array, s []float64) error) func(k Kind) error {
	return func(k Kind) error {
		m := k.new()
		cp := m.slabs.Checkpoint()
		x, s := allocarray.Full(m.ctx, 7.0, 10), scope.Make[float64](m.ctx, 10)
		fill(s, 7)
		must(m.slabs.Restore(cp))
		fill(scope.Make[float64](m.ctx, 40), -1)
		return use(x, s)
	}
}

var releases = []Program{
	{Name: "array-after-reset", What: "an array used after Reset", run: later(reset)},
	{Name: "slice-after-reset", What: "a raw slice used after Reset", Pages: true, run: laterSlice(reset)},
	{Name: "array-after-close", What: "an array used after Close", run: later(closed)},
	{Name: "slice-after-close", What: "a raw slice used after Close, which gives the memory back", Pages: true, run: laterSlice(closed)},
	{Name: "array-after-restore", What: "an array used after Restore", Kinds: unlocked,
		run: restored(func(x array, _ []float64) error { return at(x) })},
	{Name: "slice-after-restore", What: "a raw slice used after Restore", Kinds: unlocked, Pages: true,
		run: restored(func(_ array, s []float64) error { return read(s) })},
	{Name: "alloc-after-close", What: "an allocation from a closed buffer", run: func(k Kind) error {
		m := k.new()
		must(m.slabs.Close())
		return scope.Try(func() error { scope.Make[float64](m.ctx, 10); return errUnnoticed })
	}},
	{Name: "double-close", What: "a buffer closed twice", run: func(k Kind) error {
		m := k.new()
		must(m.slabs.Close())
		return m.slabs.Close()
	}},
	{Name: "context-after-end", What: "the context of a region used after its end, and 1000 scopes later: memory of the heap, counted as late", Kinds: shared,
		run: func(k Kind) error {
			m := k.share()
			kept := keepContext(m.ctx)
			first := allocarray.Full(kept, 7.0, 10)
			for i := range 1000 {
				must(m.next(10, func() error {
					if i%100 == 0 {
						allocarray.Full(kept, -2.0, 10)
					}
					return nil
				}))
			}
			expect(m.front.Stats().Late == 11, "%d late allocations", m.front.Stats().Late)
			return at(first)
		}},
	{Name: "context-after-end-unlocked", What: "the context of a scope on an unlocked buffer used after its end: the memory of the scope around it", Kinds: unlocked,
		run: func(k Kind) error {
			m := k.new()
			return scope.NoEscape(m.ctx, func(outer context.Context) error {
				x := allocarray.Full(keepContext(outer), 7.0, 10)
				for range 100 {
					must(m.next(10, func() error { return nil }))
				}
				return at(x)
			})
		}},
	{Name: "context-of-worker", What: "the context of a worker's earlier scope used during a later one: its memory, not counted as late; an array dies with it", Kinds: shared,
		run: func(k Kind) error {
			return workerContext(k, func(x array) error { return at(x) })
		}},
	{Name: "context-of-worker-slice", What: "the same, with a raw slice", Kinds: shared, Pages: true,
		run: func(k Kind) error {
			var s []float64
			return workerContext(k, func(x array) error {
				if x.Live() {
					s = x.Data()
					return nil
				}
				return read(s)
			})
		}},
	{Name: "checkpoint-left-open", What: "a Checkpoint inside NoEscape that is never restored: released with the scope, and reported", Kinds: unlocked,
		run: func(k Kind) error {
			m := k.new()
			err := scope.NoEscape(m.ctx, func(ctx context.Context) error {
				m.slabs.Checkpoint()
				scope.Make[float64](ctx, 10)
				return nil
			})
			expect(m.slabs.Stats().Used == 0 || k == Isolating, "%d bytes in use", m.slabs.Stats().Used)
			must(m.slabs.Reset())
			return err
		}},
	{Name: "scope-around-region", What: "a scope of the unlocked buffer that ends while a region of the same buffer is open: it ends with the region", Kinds: shared, Cut: "when the region has ended",
		run: func(k Kind) error {
			m := k.share()
			in, goOn, done := make(chan bool), make(chan bool), make(chan error)
			var x array
			err := scope.NoEscape(on(m.slabs), func(ctx context.Context) error {
				x = allocarray.Full(ctx, 7.0, 10)
				go func() {
					done <- try(func() error {
						return scope.NoEscape(m.ctx, func(ctx context.Context) error {
							y := allocarray.Full(ctx, 7.0, 10)
							close(in)
							<-goOn
							return at(y)
						})
					})
				}()
				<-in
				return nil
			})
			must(at(x))
			close(goOn)
			must(<-done)
			expect(!x.Live(), "the scope has not ended with the region")
			must(m.reset())
			must(m.slabs.Close())
			return err
		}},
}

// keepContext returns a context whose scope has ended.
func keepContext(ctx context.Context) (kept context.Context) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error { kept = ctx; return nil })
	return kept
}

// workerContext lets a worker of a group keep the context of a scope and allocate
// through it in the next scope. It gives use the array, first in that scope, and then
// after it, while a third scope fills the memory.
func workerContext(k Kind, use func(x array) error) error {
	m := k.share()
	g := locked.NewGroup(m.ctx)
	g.Go(func(ctx context.Context) error {
		return try(func() error {
			var x array
			kept := keepContext(ctx)
			must(scope.NoEscape(ctx, func(context.Context) error {
				x = allocarray.Full(kept, 7.0, 10)
				return use(x)
			}))
			if late := m.front.Stats().Late; late != 0 {
				return fmt.Errorf("misuse: %d late allocations", late)
			}
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				fill(scope.Make[float64](ctx, 10), -1)
				return use(x)
			})
		})
	})
	return g.Wait()
}
