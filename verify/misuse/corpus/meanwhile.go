package corpus

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// meanwhiles end a scope while an operation uses its arrays: the first check of the
// operation finds nothing wrong.
var meanwhiles = []Program{
	{Name: "map-operand", What: "the function given to Map resets the buffer, and the memory is filled again", run: func(k Kind) error {
		return moveIn(k, func(ctx context.Context, a array, next func()) error {
			b := allocarray.Map(ctx, a, func(x float64) float64 {
				next()
				return x
			})
			return seven(allocarray.Sum(b) / 10)
		})
	}},
	{Name: "map-destination", What: "the same while MapInto writes there", run: func(k Kind) error {
		return moveIn(k, func(_ context.Context, a array, next func()) error {
			from := allocarray.Full(context.Background(), 7.0, 10)
			allocarray.MapInto(a, from, func(x float64) float64 { next(); return x })
			return nil
		})
	}},
	{Name: "allocator", What: "an allocator of the user's ends the scope of an operand", run: func(k Kind) error {
		return moveIn(k, func(_ context.Context, a array, next func()) error {
			b := allocarray.Add(on(resetting{scope.Heap(), next}), a, a)
			return seven(allocarray.Sum(b) / 20)
		})
	}},
	{Name: "sum-goroutine", What: "a goroutine that a request left behind is inside Sum while the next request uses the memory (the check is best effort on arm64)",
		Timing: true, Races: true, run: func(k Kind) error { return leftBehind(scopes(k.new(roomy)), sum) }},
	{Name: "sum-reset", What: "Reset of a shared buffer while a goroutine sums an array taken outside every region",
		Kinds: shared, Timing: true, Races: true, run: func(k Kind) error { return leftBehind(resets(k.share(roomy)), sum) }},
	{Name: "writer-array", What: "a goroutine that a request left behind is inside Fill while the next request uses the memory",
		Timing: true, Races: true, run: func(k Kind) error {
			return leftBehind(scopes(k.new(roomy)), func(a array) func() error {
				return func() error { a.Fill(7); return nil }
			})
		}},
	{Name: "writer-slice", What: "the same with a raw slice", Timing: true, Races: true, Pages: true, run: func(k Kind) error {
		return leftBehind(scopes(k.new(roomy)), func(a array) func() error {
			kept := a.Data()
			return func() error { fill(kept, 7); return nil }
		})
	}},
}

// moveIn runs use with an array of sevens and a function that resets its buffer and
// fills the memory with 4242. It is wrong if use changed these.
func moveIn(k Kind, use func(ctx context.Context, a array, next func()) error) error {
	m := k.new()
	var stranger array
	defer func() { expect(all(stranger.Data(), 4242), "another scope's data was overwritten") }()
	err := scope.Try(func() error {
		return use(m.ctx, allocarray.Full(m.ctx, 7.0, 10), func() {
			if stranger.Len() == 0 {
				must(m.reset())
				stranger = allocarray.Full(m.ctx, 4242.0, 100)
			}
		})
	})
	return err
}

// resetting calls a function before each allocation.
type resetting struct {
	scope.Allocator
	before func()
}

func (r resetting) Alloc(size, align uintptr) (memory.Block, error) {
	r.before()
	return r.Allocator.Alloc(size, align)
}

func (r resetting) Unwrap() scope.Allocator { return r.Allocator }

// leftBehindLength is the length of an array whose use takes some 100 µs, and roomy makes
// slabs with room for it.
const leftBehindLength = 1 << 16

var roomy = bumper.SlabSize(4 << 20)

// leftBehind lets a goroutine do what use says with an array of sevens, over and over,
// while its request ends, and while a later request has the end of the same memory. It tries that until
// something is wrong, at most ten times, and returns what the last goroutine said.
//
// request calls fn with a context, and then ends the life of what fn allocated there.
func leftBehind(request func(fn func(ctx context.Context)), use func(a array) func() error) (said error) {
	for range 10 {
		w := newWorker()
		request(func(ctx context.Context) {
			a := allocarray.Full(ctx, 7.0, leftBehindLength)
			go w.work(use(a))
			w.settle()
		})
		request(func(ctx context.Context) {
			s, _, err := scope.Alloc[float64](ctx, leftBehindLength)
			must(err)
			end := s[len(s)-1000:]
			fill(end, -1)
			w.settle()
			w.finish()
			expect(all(end, -1), "another request's data was overwritten")
		})
		if said = w.said; errors.As(said, new(wrong)) {
			break
		}
	}
	return said
}

// A worker does something in a goroutine, over and over until it fails or is to stop.
type worker struct {
	passes atomic.Int32 // done so far
	stop   atomic.Bool
	ended  chan bool
	said   error
}

func newWorker() *worker { return &worker{ended: make(chan bool)} }

func (w *worker) work(use func() error) {
	defer close(w.ended)
	for more := true; more && w.said == nil; w.passes.Add(1) { // once more after stop
		more = !w.stop.Load()
		w.said = try(func() error { return scope.Try(use) })
	}
}

// settle waits until the worker has done another pass, and is in the middle of the one
// after, or until it ends. It sleeps in between, as the race detector remembers only the
// last calls of a goroutine.
func (w *worker) settle() {
	for n := w.passes.Load(); w.passes.Load() < n+2; time.Sleep(50 * time.Microsecond) {
		select {
		case <-w.ended:
			return
		default:
		}
	}
	time.Sleep(50 * time.Microsecond)
}

// finish lets the worker finish what it does, and do it once more.
func (w *worker) finish() {
	w.stop.Store(true)
	<-w.ended
}

// scopes makes each request a scope.
func scopes(m *buffer) func(fn func(ctx context.Context)) {
	return func(fn func(ctx context.Context)) {
		must(scope.NoEscape(m.ctx, func(ctx context.Context) error { fn(ctx); return nil }))
	}
}

// resets lets each request use the buffer itself, and then resets it.
func resets(m *buffer) func(fn func(ctx context.Context)) {
	return func(fn func(ctx context.Context)) {
		fn(m.ctx)
		must(m.reset())
	}
}

// sum adds up sevens.
func sum(a array) func() error {
	return func() error {
		if allocarray.Sum(a) != 7*float64(a.Len()) {
			return wrong("the sum is not that of the array")
		}
		return nil
	}
}
