package misuse_test

import (
	"context"
	"sync"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// twoAtOnce is what is said about an unlocked buffer used by two goroutines.
const twoAtOnce = "guard: two goroutines use an unlocked buffer at once; use locked.WithLockedBumper: "

// together runs f in two goroutines at the same time until one of them panics, and
// returns with what.
func together(f func()) (said string) {
	var stop sync.Once
	done, first := make(chan bool), make(chan string, 2)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if text := outcome(func() error { f(); return nil }); text != "" {
					first <- text
					stop.Do(func() { close(done) })
				}
			}
		})
	}
	both.Wait()
	return <-first
}

// slow is a source that takes its time: it says when it was called, and goes on when
// it is told to.
type slow struct{ called, goOn chan bool }

func (s slow) Acquire(size int) ([]byte, error) {
	s.called <- true
	<-s.goOn
	return bumper.GoHeap().Acquire(size)
}

func (slow) Release([]byte) {}

var sharings = []mistake{
	{name: "concurrent-alloc", what: "two goroutines allocate from an unlocked buffer", promise: inGuardMode,
		message: twoAtOnce + "an allocation atSTACKand an allocation atSTACK",
		program: func(t *testing.T) error {
			src := slow{make(chan bool), make(chan bool)}
			ctx := on(bumper.NewAllocBuffer(1000, bumper.From(src)))
			done := make(chan bool)
			go func() { scope.Make[float64](ctx, 10); close(done) }()
			<-src.called // now the other is in the middle of it
			defer func() { close(src.goOn); <-done }()
			scope.Make[float64](ctx, 10)
			return nil
		}},
	{name: "concurrent-scopes", what: "two goroutines open scopes on an unlocked buffer", promise: inGuardMode, message: twoAtOnce,
		program: func(t *testing.T) error {
			if testenv.Race {
				t.Skip("it is a data race")
			}
			ctx := on(bumper.NewAllocBuffer(1 << 20))
			panic(together(func() {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[float64](ctx, 10); return nil })
			}))
		}},
	{name: "group-unlocked", what: "NewGroup on an unlocked buffer", promise: always,
		message: "locked: NewGroup: the context's *bumper.SlabBuffer is not safe for goroutines; use WithLockedBumper",
		program: func(*testing.T) error { locked.NewGroup(bump()); return nil }},
	{name: "group-wrapped", what: "NewGroup on an unlocked buffer behind a wrapper", promise: always,
		message: "locked: NewGroup: the context's *bumper.SlabBuffer is not safe for goroutines; use WithLockedBumper",
		program: func(*testing.T) error {
			locked.NewGroup(scope.WithAllocator(context.Background(), meter.New(bumper.NewSlabBuffer(), meter.Fallback())))
			return nil
		}},
}
