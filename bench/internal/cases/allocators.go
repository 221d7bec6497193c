package cases

import (
	"context"
	"sync"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/alloc"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/ortuman/nuke"
)

// depthKey is the type of the values by which deepen makes a context deep.
type depthKey int

// deepen returns a context that is depth values away from ctx.
func deepen(ctx context.Context, depth int) context.Context {
	for i := range depth {
		ctx = context.WithValue(ctx, depthKey(i), i)
	}
	return ctx
}

// each returns an entry whose goroutines have one state each, made by prepare, and
// work through batches of blocks with it.
func each[S any](name string, w alloc.Workload, prepare func() S, batch func(s S, blocks int)) entry {
	states := make([]S, w.Goroutines)
	for i := range states {
		states[i] = prepare()
	}
	return run(name, func(n int) {
		w.Parallel(n, func(g, n int) {
			w.Batches(n, func(blocks int) { batch(states[g], blocks) })
		})
	})
}

func ourAllocators(w alloc.Workload) []entry {
	slab := func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(max(w.Memory(), 1<<20))) }
	return []entry{
		private("SlabBuffer", w, slab, similar),
		private("AllocBuffer", w, func() bumper.Buffer { return bumper.NewAllocBuffer(w.Memory()) }, similar),
		private("AutoscalingBuffer", w, func() bumper.Buffer { return bumper.NewAutoscalingBuffer() }, similar),
		private("SlabBuffer, New", w, slab, zeroed),
		shared(w),
		regions(w),
	}
}

// similar allocates blocks with the memory of ctx.
//
//scopevet:ignore loop the callers open the scope, and measure it
func similar(ctx context.Context, like allocarray.AllocArray[float64], blocks int) {
	for range blocks {
		y := like.Similar(ctx)
		y.Data()[0] = 1
	}
}

// zeroed does so with memory that is cleared.
//
//scopevet:ignore loop the callers open the scope, and measure it
func zeroed(ctx context.Context, like allocarray.AllocArray[float64], blocks int) {
	n := like.Len()
	for range blocks {
		y := allocarray.New[float64](ctx, n)
		y.Data()[0] = 1
	}
}

// template returns the array that others shall be similar to.
func template(w alloc.Workload) allocarray.AllocArray[float64] {
	return allocarray.Wrap(make([]float64, w.Elements()))
}

// private allocates from a buffer for each goroutine, in one scope for each batch.
func private(name string, w alloc.Workload, buffer func() bumper.Buffer, fill func(context.Context, allocarray.AllocArray[float64], int)) entry {
	like := template(w)
	prepare := func() context.Context {
		return deepen(scope.WithAllocator(context.Background(), buffer()), w.Depth)
	}
	return each(name, w, prepare, func(ctx context.Context, blocks int) {
		must(scope.NoEscape(ctx, func(ctx context.Context) error {
			fill(ctx, like, blocks)
			return nil
		}))
	})
}

// shared allocates from one locked buffer itself, which can be reset only when all
// goroutines are done with a batch.
func shared(w alloc.Workload) entry {
	buf := locked.Share(bumper.NewSlabBuffer())
	ctx := deepen(scope.WithAllocator(context.Background(), buf), w.Depth)
	like := template(w)
	round := w.Batch() * w.Goroutines
	return run("locked", func(n int) {
		for ; n > 0; n -= round {
			w.Parallel(min(n, round), func(_, blocks int) { similar(ctx, like, blocks) })
			must(buf.Reset())
		}
	})
}

// regions gives each goroutine a private region of one locked buffer.
func regions(w alloc.Workload) entry {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	like := template(w)
	return run("locked, regions", func(n int) {
		group := locked.NewGroup(ctx)
		for g := range w.Goroutines {
			share := n*(g+1)/w.Goroutines - n*g/w.Goroutines
			group.Go(func(ctx context.Context) error {
				w.Batches(share, func(blocks int) {
					must(scope.NoEscape(ctx, func(ctx context.Context) error {
						similar(deepen(ctx, w.Depth), like, blocks)
						return nil
					}))
				})
				return nil
			})
		}
		must(group.Wait())
	})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func poolAllocator(w alloc.Workload) entry {
	size := w.Elements()
	pool := sync.Pool{New: func() any { s := make([]float64, size); return &s }}
	live := func() []*[]float64 { return make([]*[]float64, w.Batch()) }
	return each("sync.Pool", w, live, func(live []*[]float64, blocks int) {
		for i := range blocks {
			live[i] = pool.Get().(*[]float64)
			(*live[i])[0] = 1
		}
		for _, s := range live[:blocks] {
			pool.Put(s)
		}
	})
}

func nukeAllocator(w alloc.Workload) entry {
	prepare := func() nuke.Arena { return nuke.NewMonotonicArena(w.Memory(), 1) }
	return each("nuke", w, prepare, func(a nuke.Arena, blocks int) {
		nukeFill(a, w.Elements(), blocks)
		a.Reset(false)
	})
}

func nukeFill(a nuke.Arena, size, blocks int) {
	for range blocks {
		nuke.MakeSlice[float64](a, size, size)[0] = 1
	}
}

// nukeContext looks the arena up in a context for each block, as code that gets only
// a context must.
func nukeContext(w alloc.Workload) entry {
	prepare := func() context.Context {
		a := nuke.NewMonotonicArena(w.Memory(), 1)
		return deepen(nuke.InjectContextArena(context.Background(), a), w.Depth)
	}
	size := w.Elements()
	return each("nuke, context", w, prepare, func(ctx context.Context, blocks int) {
		for range blocks {
			nuke.MakeSlice[float64](nuke.ExtractContextArena(ctx), size, size)[0] = 1
		}
		nuke.ExtractContextArena(ctx).Reset(false)
	})
}

// nukeConcurrent shares one arena behind a lock, which can be reset only when all
// goroutines are done with a batch.
func nukeConcurrent(w alloc.Workload) entry {
	a := nuke.NewConcurrentArena(nuke.NewMonotonicArena(w.Memory()*w.Goroutines, 1))
	round := w.Batch() * w.Goroutines
	return run("nuke, concurrent", func(n int) {
		for ; n > 0; n -= round {
			w.Parallel(min(n, round), func(_, blocks int) { nukeFill(a, w.Elements(), blocks) })
			a.Reset(false)
		}
	})
}
