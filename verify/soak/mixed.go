package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// mixed is a load of requests of very different sizes on one shared buffer, within limits.
type mixed struct {
	shared  *locked.Buffer
	process *meter.Limit
	tenants []*meter.Limit
	meter   *meter.Meter
	strays  sync.WaitGroup

	requests, panics, exits, cancels, leaked, waited, opened, forgotten atomic.Uint64
	byLimit, byBuffer                                                   atomic.Uint64
}

// The limits of the mixed load, and its largest block, in bytes. The process may hold more than the buffer, so that
// both refuse.
const (
	bufferLimit  = 256 << 20
	processLimit = 240 << 20
	tenantLimit  = 120 << 20
	requestLimit = 80 << 20
	largest      = 64 << 20
	outermost    = 2 // how many scopes nest within
)

func newMixed() *mixed {
	m := &mixed{
		shared:  locked.Share(bumper.NewSlabBuffer(bumper.Limit(bufferLimit))),
		process: meter.NewLimit(nil, "process", processLimit),
	}
	for i := range 4 {
		m.tenants = append(m.tenants, meter.NewLimit(m.process, fmt.Sprint("tenant ", i), tenantLimit))
	}
	m.meter = meter.New(m.shared, meter.Within(m.process))
	scope.OnLeak(func(string) {}) // there are many
	return m
}

// errUnproven is a refusal of what there was room for.
var errUnproven = errors.New("refused without proof")

// work serves requests until ctx ends.
func (m *mixed) work(ctx context.Context, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 7))
	for collected := time.Now(); ctx.Err() == nil; {
		if seed == 0 && time.Since(collected) > time.Second { // which finds the scopes that nobody ends
			runtime.GC()
			collected = time.Now()
		}
		if err := m.serve(ctx, rng); err != nil {
			return err
		}
	}
	return nil
}

// serve runs one request in a goroutine of its own, in which it may panic or exit.
func (m *mixed) serve(ctx context.Context, rng *rand.Rand) error {
	m.requests.Add(1)
	request := meter.NewLimit(m.tenants[rng.IntN(len(m.tenants))], "request", requestLimit)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(1+rng.IntN(20))*time.Millisecond)
	defer cancel()
	var err error
	forgotten := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v == errPlanned {
				m.panics.Add(1)
			} else if v != nil {
				err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
		}()
		ctx := scope.WithAllocator(ctx, m.meter.Within(request))
		//scopevet:ignore goroutine handle leaves goroutines behind, on purpose
		handle := func(ctx context.Context) error { return m.handle(ctx, rng, outermost) }
		switch kind := rng.IntN(1000); {
		case kind == 0:
			forgotten = true
			err = m.forget(ctx, handle)
		case kind < 500:
			err = m.open(ctx, handle)
		default:
			err = scope.NoEscape(ctx, handle)
		}
	}()
	<-done
	if left := request.Stats().Used; left != 0 && !forgotten {
		return fmt.Errorf("a request that has ended is charged %d bytes", left)
	}
	if errors.Is(err, scope.ErrExhausted) {
		return m.judge(err)
	}
	if errors.Is(err, errMixed) || err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// open runs fn in a scope that is opened and ended.
func (m *mixed) open(ctx context.Context, fn func(context.Context) error) error {
	m.opened.Add(1)
	ctx, s := scope.Open(ctx)
	defer s.End() // returns nil on a shared buffer
	return scope.Try(func() error { return fn(ctx) })
}

// forget is open for a scope that nobody ends.
func (m *mixed) forget(ctx context.Context, fn func(context.Context) error) error {
	m.forgotten.Add(1)
	//scopevet:ignore unended on purpose
	ctx, _ = scope.Open(ctx)
	return scope.Try(func() error { return fn(ctx) })
}

// judge returns an error if a refusal carries no proof: whoever refused says how much there
// was in one piece, which must be less than was requested.
func (m *mixed) judge(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		m.waited.Add(1)
		return nil
	}
	var e *scope.ExhaustedError
	if !errors.As(err, &e) || e.Available >= e.Requested {
		return fmt.Errorf("%w: %w", errUnproven, err)
	}
	if meter.RefusedBy(err) != nil {
		m.byLimit.Add(1)
	} else {
		m.byBuffer.Add(1)
	}
	return nil
}

var errPlanned = errors.New("a request that panics")

// size returns a size in bytes from 8 to the largest, each magnitude as often; the sum of
// all that are open at a time is what counts, so large ones are rarer.
func size(rng *rand.Rand) int {
	most := 8 << rng.IntN(12)
	if rng.IntN(40) == 0 {
		most = largest >> rng.IntN(12)
	}
	return most/2 + rng.IntN(most/2+1)
}

// handle allocates and checks, and goes on in scopes within.
func (m *mixed) handle(ctx context.Context, rng *rand.Rand, depth int) error {
	if depth == outermost && rng.IntN(16) == 0 { // many at a time: they have to wait
		if err := scope.Reserve(ctx, largest>>rng.IntN(3)-rng.IntN(1000)); err != nil {
			return err
		}
	}
	mark := byte(rng.IntN(255) + 1)
	var all [][]byte
	for range 1 + rng.IntN(8) {
		b := scope.Make[byte](ctx, size(rng))
		for i := 0; i < len(b); i += 512 {
			b[i] = mark
		}
		all = append(all, b)
	}
	switch rng.IntN(200) {
	case 0:
		panic(errPlanned)
	case 1:
		m.exits.Add(1)
		runtime.Goexit()
	case 2:
		m.leak(ctx)
	case 3:
		<-ctx.Done()
		m.cancels.Add(1)
		return ctx.Err()
	}
	for range rng.IntN(3) * min(depth, 1) {
		within := scope.NoEscape
		switch rng.IntN(8) {
		case 0:
			within = m.open
		case 1: // its parent ends it
			within = func(ctx context.Context, fn func(context.Context) error) error {
				//scopevet:ignore unended on purpose: its parent ends it
				ctx, _ = scope.Open(ctx)
				return fn(ctx)
			}
		}
		if err := within(ctx, func(ctx context.Context) error { return m.handle(ctx, rng, depth-1) }); err != nil {
			return err
		}
	}
	for _, b := range all {
		for i := 0; i < len(b); i += 512 {
			if b[i] != mark {
				return errMixed
			}
		}
	}
	return nil
}

// leak leaves a goroutine behind that keeps the context and allocates, also when its scope
// is long over.
func (m *mixed) leak(ctx context.Context) {
	m.strays.Add(1)
	go func() {
		defer m.strays.Done()
		for range 20 {
			//scopevet:ignore loop late, on purpose
			_, _, _ = scope.Alloc[byte](ctx, 10_000)
			time.Sleep(time.Millisecond)
		}
		m.leaked.Add(1)
	}()
}

// settled returns an error unless, with all requests ended, every scope that was forgotten is
// found, every limit counts 0, no region is open, and the buffer falls to its floor within ten seconds.
func (m *mixed) settled() error {
	m.strays.Wait()
	for deadline := time.Now().Add(10 * time.Second); m.shared.Stats().Open > 0; time.Sleep(time.Millisecond) {
		if runtime.GC(); time.Now().After(deadline) {
			return fmt.Errorf("%v: scopes that nobody ended were not found", m.shared)
		}
	}
	for _, l := range append([]*meter.Limit{m.process}, m.tenants...) {
		fmt.Println(l)
		if used := l.Stats().Used; used != 0 {
			return fmt.Errorf("%v: nothing is open", l)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		s := m.shared.Stats()
		if s.Open != 0 || s.Used != 0 {
			return fmt.Errorf("%v: nothing is open", m.shared)
		}
		if s.Capacity <= locked.DefaultFloor+bumper.DefaultSlabSize {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%v: not back at the floor after 10 s", m.shared)
		}
	}
}

func (m *mixed) buffer() *locked.Buffer { return m.shared }

// String tells what was done.
func (m *mixed) String() string {
	return fmt.Sprintf("%d requests: %d panics, %d goroutine exits, %d cancelled, %d leaked contexts, %d opened scopes, %d never ended;\nrefused by limits %d, by the buffer %d, given up waiting %d\n%v",
		m.requests.Load(), m.panics.Load(), m.exits.Load(), m.cancels.Load(), m.leaked.Load(), m.opened.Load(), m.forgotten.Load(),
		m.byLimit.Load(), m.byBuffer.Load(), m.waited.Load(), m.shared)
}
