package corpus

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// foreign is a source that is told of leaks, as one of memory off the heap is.
type foreign struct {
	bumper.Source
	leaked chan string
}

func newForeign() foreign { return foreign{bumper.GoHeap(), make(chan string, 10)} }

func (f foreign) Leaked(_ []byte, where string) { f.leaked <- where }

// within2GCs returns what was reported after at most two garbage collections, each
// followed by some patience: the report comes from a goroutine of the runtime.
func (f foreign) within2GCs(patience time.Duration) string {
	for range 2 {
		runtime.GC()
		select {
		case where := <-f.leaked:
			return where
		case <-time.After(patience):
		}
	}
	return ""
}

// forEver allocates until there is no more.
func forEver(ctx context.Context) error {
	return scope.Try(func() error {
		for {
			scope.Make[float64](ctx, 10)
		}
	})
}

var leaks = []Program{
	{Name: "forgotten", What: "a buffer on memory off the heap that nobody closed: told to its source within two garbage collections, with the place where it was made",
		run: func(Kind) error {
			src := newForeign()
			func() {
				buf := bumper.NewSlabBuffer(bumper.From(src))
				_ = scope.NoEscape(on(buf), func(ctx context.Context) error { scope.Make[float64](ctx, 10); return nil })
			}()
			where := src.within2GCs(5 * time.Second)
			if where == "" {
				return errUnnoticed
			}
			return errors.New("leaked, made at " + where)
		}},
	{Name: "forgotten-in-use", What: "the same while an array on it is in use: not a leak before the array is gone",
		run: func(Kind) error {
			src := newForeign()
			x := func() array { return allocarray.Full(on(bumper.NewSlabBuffer(bumper.From(src))), 7.0, 10) }()
			expect(src.within2GCs(50*time.Millisecond) == "", "a buffer in use was reported")
			return at(x)
		}},
	{Name: "never-reset", What: "a buffer that is never reset", run: func(Kind) error { return forEver(on(bumper.NewAllocBuffer(1000))) }},
	{Name: "never-reset-limit", What: "a growing buffer with a Limit that is never reset",
		run: func(Kind) error { return forEver(on(bumper.NewSlabBuffer(bumper.Limit(1 << 16)))) }},
}
