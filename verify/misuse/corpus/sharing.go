package corpus

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// slow is a source that takes its time: it says when it was called, and goes on when
// it is told to.
type slow struct{ called, goOn chan bool }

func (s slow) Acquire(size int) ([]byte, error) {
	select {
	case s.called <- true:
	default:
	}
	<-s.goOn
	return bumper.GoHeap().Acquire(size)
}

func (slow) Release([]byte) {}

// withoutLock are the kinds whose buffers are tried without a lock, and one with.
var withoutLock = []Kind{Plain, Locked}

var sharings = []Program{
	{Name: "concurrent-alloc", What: "two goroutines allocate from an unlocked buffer (from a locked one it is right)", Kinds: withoutLock, Races: true, Cut: "at once",
		run: func(k Kind) error {
			src := slow{make(chan bool, 1), make(chan bool)}
			ctx := k.new(bumper.From(src)).ctx
			slices, said := make(chan []float64, 2), make(chan error, 2)
			alloc := func() { said <- try(func() error { slices <- scope.Make[float64](ctx, 10); return nil }) }
			go alloc()
			<-src.called // now the first is in the middle of it
			go alloc()
			time.Sleep(20 * time.Millisecond) // now, likely, the second too
			close(src.goOn)
			if err := errors.Join(<-said, <-said); err != nil {
				return err
			}
			a, b := <-slices, <-slices
			fill(a, 7)
			fill(b, -1)
			expect(all(a, 7), "both got the same memory")
			return k.luck()
		}},
	{Name: "concurrent-scopes", What: "two goroutines open scopes on an unlocked buffer (on a locked one it is right)", Kinds: withoutLock, Timing: true, Races: true, Cut: "at once",
		run: func(k Kind) error {
			for range 30 {
				ctx, said := k.new().ctx, make(chan error, 2)
				for i := range 2 {
					go func() { said <- inScopes(ctx, float64(i+1)) }()
				}
				if err := cmp.Or(<-said, <-said); err != nil {
					return err
				}
			}
			return k.luck()
		}},
	{Name: "group-unlocked", What: "NewGroup on an unlocked buffer", Kinds: unlocked, run: func(k Kind) error {
		locked.NewGroup(k.new().ctx)
		return errUnnoticed
	}},
	{Name: "group-wrapped", What: "NewGroup on an unlocked buffer behind a wrapper", Kinds: unlocked, run: func(k Kind) error {
		locked.NewGroup(on(meter.New(k.new().slabs, meter.Fallback())))
		return errUnnoticed
	}},
}

// luck is how a program ends that found no harm: with a lock that is no surprise.
func (k Kind) luck() error {
	if k == Locked {
		return nil
	}
	return errUnnoticed
}

// inScopes fills memory with x in some scopes, until somebody else's data is there or
// guard mode says so. Whatever else is said is not about the mistake.
func inScopes(ctx context.Context, x float64) error {
	for range 100 {
		err := try(func() error {
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				s := scope.Make[float64](ctx, 1000)
				fill(s, x)
				runtime.Gosched()
				expect(all(s, x), "another goroutine's data was overwritten")
				return nil
			})
		})
		if errors.As(err, new(wrong)) || errors.As(err, new(*guard.ConcurrentUseError)) {
			return err
		}
	}
	return nil
}
