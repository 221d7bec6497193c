package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// load is what all workers share, and what they count.
type load struct {
	shared *bumper.SlabBuffer
	strays sync.WaitGroup

	requests, panics, exits, cancels, exhausted, late, resets, refused atomic.Uint64
}

func newLoad() *load { return &load{shared: bumper.NewSlabBuffer(bumper.Limit(64 << 20))} }

// limit is what a worker's own buffer may hold.
var limit = bumper.Limit(64 << 20)

// errMixed is a failed check: an array that did not hold what was written to it.
var errMixed = errors.New("an array holds somebody else's data")

// work serves requests until ctx ends, each with one of the allocators.
func (l *load) work(ctx context.Context, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 42))
	own := []bumper.Buffer{
		bumper.NewAllocBuffer(8 << 20), bumper.NewSlabBuffer(limit), bumper.NewAutoscalingBuffer(limit),
		bumper.NewSlabBuffer(limit, bumper.Isolating(), bumper.SlabSize(64<<10)), bumper.NewSlabBuffer(limit, bumper.Prompt()),
	}
	for ctx.Err() == nil {
		request := locked.WithLockedBumper(ctx, l.shared)
		if i := rng.IntN(2 * len(own)); i < len(own) {
			request = scope.WithAllocator(ctx, own[i])
		}
		//scopevet:ignore sharedctx goroutines that are left behind allocate late, on purpose
		if err := l.serve(request, rng); errors.Is(err, errMixed) {
			return err
		}
		l.reset(own[rng.IntN(len(own))], rng)
	}
	return nil
}

// reset resets a buffer that is idle now, and tries to reset the shared one, which
// is allowed only if no request uses it.
func (l *load) reset(own bumper.Buffer, rng *rand.Rand) {
	if rng.IntN(16) == 0 && own.Reset() == nil {
		l.resets.Add(1)
	}
	if rng.IntN(64) == 0 {
		if locked.Share(l.shared).Reset() == nil {
			l.resets.Add(1)
		} else {
			l.refused.Add(1)
		}
	}
}

// serve runs one request in a goroutine of its own, in which it may panic or exit.
func (l *load) serve(ctx context.Context, rng *rand.Rand) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(1+rng.IntN(5))*time.Millisecond)
	defer cancel()
	l.requests.Add(1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if recover() != nil {
				l.panics.Add(1)
			}
		}()
		//scopevet:ignore goroutine handle leaves goroutines behind, on purpose
		err = scope.NoEscape(ctx, func(ctx context.Context) error { return l.handle(ctx, rng, 3) })
	}()
	<-done
	if errors.Is(err, scope.ErrExhausted) {
		l.exhausted.Add(1)
	}
	return err
}

// handle allocates, computes and checks, and goes on in nested scopes.
func (l *load) handle(ctx context.Context, rng *rand.Rand, depth int) error {
	mark := rng.Float64()
	a := allocarray.Full(ctx, mark, 1+rng.IntN(1<<rng.IntN(16)))
	switch rng.IntN(200) {
	case 0:
		panic("a request that panics")
	case 1:
		l.exits.Add(1)
		runtime.Goexit()
	case 2:
		allocarray.New[float64](ctx, 1<<26) // more than any limit
	case 3:
		l.stray(ctx)
	case 4:
		<-ctx.Done()
		l.cancels.Add(1)
		return ctx.Err()
	}
	for range rng.IntN(3) * min(depth, 1) {
		inner := func(ctx context.Context) error { return l.handle(ctx, rng, depth-1) }
		if err := scope.NoEscape(ctx, inner); err != nil {
			return err
		}
	}
	if b := allocarray.AddScalar(ctx, a, 1); allocarray.Min(a) != mark || allocarray.Max(b) != mark+1 {
		return errMixed
	}
	return nil
}

// stray leaves a goroutine behind that allocates when the scope is long over. That
// is allowed only where the context is a region's: an unlocked buffer belongs to
// one goroutine.
func (l *load) stray(ctx context.Context) {
	if _, region := scope.AllocatorFrom(ctx).(handshake.RegionOpener); !region {
		return
	}
	l.strays.Add(1)
	go func() {
		defer l.strays.Done()
		time.Sleep(10 * time.Millisecond)
		_ = scope.Try(func() error {
			allocarray.Full(ctx, 1.0, 100)
			return nil
		})
		l.late.Add(1)
	}()
}

func (l *load) buffer() *locked.Buffer { return locked.Share(l.shared) }
func (l *load) settled() error         { l.strays.Wait(); return nil }

// String tells what was done.
func (l *load) String() string {
	return fmt.Sprintf("%d requests: %d panics, %d goroutine exits, %d cancelled, %d out of memory, %d stray allocations; %d resets, %d refused\n%v",
		l.requests.Load(), l.panics.Load(), l.exits.Load(), l.cancels.Load(), l.exhausted.Load(), l.late.Load(),
		l.resets.Load(), l.refused.Load(), locked.Share(l.shared))
}
