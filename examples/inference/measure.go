package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/allocarrays/allocarrays-go/examples/internal/heapmeter"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Times around the measurement: until everything has its size, and until the caches
// that a garbage collection empties are full again.
const (
	warmUp   = 30 * time.Millisecond
	rewarmUp = 10 * time.Millisecond
)

// A bench measures the same work on different memories.
type bench struct {
	model    *nn.Chain     // one for all workers
	batches  []batch       // at least one, all of one length
	workers  int           // goroutines
	duration time.Duration // of one turn
	meter    *heapmeter.Meter
	bar      *progress.Bar // counts milliseconds
	before   time.Duration // in all turns before this one
}

// A figure is what the turns of one memory measured, each from the moment all workers
// were ready until all had stopped.
type figure struct {
	batches uint64           // that the workers finished
	elapsed time.Duration    // on the clock, in all turns
	heap    heapmeter.Counts // of the whole program: nothing is left out
	latency histogram        // of the batches
}

// run gives every memory its turns, as far as ctx lets it. Figure i is of memory i; it
// has no batches if ctx was cancelled too early.
func (b *bench) run(ctx context.Context, memories []memory, turns int) ([]figure, error) {
	for _, m := range memories {
		if err := settle(ctx, m); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	figures := make([]figure, len(memories))
	for i := 0; i < turns*len(memories) && ctx.Err() == nil; i++ {
		m := memories[i%len(memories)]
		if err := b.turn(ctx, m, &figures[i%len(memories)]); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		b.before += b.duration
	}
	return figures, nil
}

// turn measures one memory for the bench's duration, or until ctx is cancelled, which
// is no error, and adds to the figure.
//
// Every turn has buffers and goroutines of its own, so that no memory is measured while
// another one's buffers are on the heap: a larger heap is collected less often.
func (b *bench) turn(ctx context.Context, m memory, f *figure) error {
	var g gate
	team := make([]*worker, b.workers)
	group := locked.NewGroup(m.shared(context.WithoutCancel(ctx))) // the gate stops it, in order
	for i := range team {
		team[i] = b.newWorker(i)
		group.Go(func(ctx context.Context) error { return team[i].run(m.own(ctx), &g) })
	}
	b.warm(ctx, &g)
	if ctx.Err() == nil {
		b.steady(ctx, &g, team, f)
	}
	g.finish()
	return group.Wait()
}

// settle opens so many scopes, and releases so much in them, that the runtime's caches of type
// assertions are full: it fills each with a small object, in one of a thousand cases in which it could.
func settle(ctx context.Context, m memory) error {
	group := locked.NewGroup(m.shared(ctx))
	group.Go(func(ctx context.Context) (err error) {
		ctx = m.own(ctx)
		for i := 0; i < 10_000 && err == nil; i++ {
			err = scope.NoEscape(ctx, func(ctx context.Context) error {
				x, stamp, err := scope.Alloc[byte](ctx, 1)
				if err != nil {
					return err
				}
				return scope.Release(ctx, x, stamp)
			})
		}
		return err
	})
	return group.Wait()
}

// newWorker returns worker i, who begins where no other does.
func (b *bench) newWorker(i int) *worker {
	return &worker{
		model: b.model, batches: b.batches, next: i * len(b.batches) / b.workers,
		out: make([]mlp.Prediction, len(b.batches[0].want)),
	}
}

// warm works until every worker has its memory, and leaves a heap without garbage.
func (b *bench) warm(ctx context.Context, g *gate) {
	g.fair.Store(true) // or else hundreds of workers would wait for their first turn
	defer g.fair.Store(false)
	begin := time.Now()
	g.open(func(worked int) bool {
		return ctx.Err() == nil && (time.Since(begin) < warmUp || worked < b.workers)
	})
	g.close()
	runtime.GC()
	begin = time.Now()
	g.open(func(int) bool { return ctx.Err() == nil && time.Since(begin) < rewarmUp })
	g.close()
}

// steady is the measurement. It is of one batch at least, however busy the machine.
func (b *bench) steady(ctx context.Context, g *gate, team []*worker, f *figure) {
	for _, w := range team {
		w.latency = histogram{}
	}
	heap, begin := b.meter.Read(), time.Now()
	g.open(func(worked int) bool {
		b.bar.Set(int((b.before + time.Since(begin)).Milliseconds()), "")
		return ctx.Err() == nil && (time.Since(begin) < b.duration || worked == 0)
	})
	g.close()
	f.elapsed += time.Since(begin)
	f.heap = f.heap.Add(b.meter.Read().Sub(heap))
	for _, w := range team {
		f.latency.merge(&w.latency)
	}
	f.batches = f.latency.count()
}
