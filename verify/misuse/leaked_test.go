package main_test

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// leakedFor is how long the requests of TestLeakedWriters go on: ALLOCARRAYS_LEAKED, or
// some seconds.
func leakedFor(t *testing.T) time.Duration {
	if s := os.Getenv("ALLOCARRAYS_LEAKED"); s != "" {
		d, err := time.ParseDuration(s)
		require.NoError(t, err)
		return d
	}
	if testing.Short() {
		return time.Second
	}
	return 3 * time.Second
}

// TestLeakedWriters: goroutines that requests left behind go on writing to what they
// kept, raw slices and arrays, and no later request sees any of it in isolating memory.
// In plain memory they do, which shows that the test looks where it should.
func TestLeakedWriters(t *testing.T) {
	t.Run("isolating", func(t *testing.T) {
		a := newAttack(locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer(bumper.Isolating())))
		a.run(leakedFor(t))
		t.Logf("%d requests, %d writes by goroutines left behind", a.requests.Load(), a.writes.Load())
		require.Zero(t, a.broken.Load(), "requests saw what others wrote")
		require.NotZero(t, a.writes.Load())
	})
	t.Run("plain", func(t *testing.T) {
		if testenv.Race || testenv.Guarded() {
			t.Skip("the race detector, or guard mode, would say so")
		}
		a := newAttack(locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer()))
		a.run(200 * time.Millisecond)
		require.NotZero(t, a.broken.Load(), "of %d requests", a.requests.Load())
	})
}

// leakedMark is what goroutines left behind write. No request does.
const leakedMark = 0xEE

// An attack is requests that leave memory behind, and goroutines that write to it.
type attack struct {
	ctx  context.Context
	left chan func() // writes to what a request left behind
	stop atomic.Bool

	requests, writes, broken atomic.Int64
}

func newAttack(ctx context.Context) *attack { return &attack{ctx: ctx, left: make(chan func(), 64)} }

func (a *attack) run(d time.Duration) {
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() { a.request(rand.New(rand.NewPCG(uint64(i), 8))) })
		all.Go(a.write)
	}
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		runtime.GC() // so that memory to which nothing refers is used again
	}
	a.stop.Store(true)
	all.Wait()
}

// request runs scopes that fill what they allocate, leave some of it behind, and look
// whether all of it is still theirs.
func (a *attack) request(rng *rand.Rand) {
	for !a.stop.Load() {
		a.requests.Add(1)
		_ = scope.NoEscape(a.ctx, func(ctx context.Context) error {
			var mine [][]byte
			for range 1 + rng.IntN(4) {
				s := scope.Make[byte](ctx, 1+rng.IntN(100_000)>>rng.IntN(10))
				x := allocarray.New[uint8](ctx, 100)
				mine = append(mine, s, x.Data())
				if rng.IntN(4) == 0 {
					defer a.leave(s, x)
				}
			}
			runtime.Gosched()
			for _, s := range mine {
				for _, b := range s {
					if b == leakedMark {
						a.broken.Add(1)
						return nil
					}
				}
			}
			return nil
		})
	}
}

// leave leaves a slice and an array to somebody who writes to them from now on.
func (a *attack) leave(s []byte, x allocarray.AllocArray[uint8]) {
	write := func() {
		s[0], s[len(s)-1] = leakedMark, leakedMark
		_ = scope.Try(func() error {
			defer func() { _ = recover() }() // x knows that it is stale
			x.Fill(leakedMark)
			return nil
		})
	}
	select {
	case a.left <- write:
	default:
	}
}

// write keeps what requests leave behind, some of it for long, and writes to it.
func (a *attack) write() {
	var kept [64]func()
	for i := 0; !a.stop.Load(); i++ {
		select {
		case w := <-a.left:
			kept[i%len(kept)] = w
		default:
		}
		if w := kept[(i*31)%len(kept)]; w != nil {
			w()
			a.writes.Add(1)
		}
		if i%64 == 0 {
			runtime.Gosched()
		}
	}
}
