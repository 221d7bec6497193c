package misuse_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

var leaks = []mistake{
	{name: "forgotten", what: "a buffer on memory off the heap that nobody closed: told to its source within two garbage collections, with the place where it was made",
		promise: always, message: "leaked, made at FILE:LINE",
		program: func(t *testing.T) error {
			src := newForeign()
			func() {
				buf := bumper.NewSlabBuffer(bumper.From(src))
				_ = scope.NoEscape(on(buf), func(ctx context.Context) error { scope.Make[float64](ctx, 10); return nil })
			}()
			panic("leaked, made at " + src.within2GCs(5*time.Second))
		}},
	{name: "forgotten-in-use", what: "the same while an array on it is in use: not a leak before the array is gone", promise: construction,
		program: func(t *testing.T) error {
			src := newForeign()
			x := func() array { return allocarray.Full(on(bumper.NewSlabBuffer(bumper.From(src))), 7.0, 10) }()
			require.Empty(t, src.within2GCs(50*time.Millisecond))
			require.Equal(t, 70.0, allocarray.Sum(x))
			return nil
		}},
	{name: "never-reset", what: "a buffer that is never reset", promise: always,
		message: "bumper.AllocBuffer: out of memory: 80 bytes requested, 24 available, limit 1000",
		program: func(*testing.T) error {
			ctx := on(bumper.NewAllocBuffer(1000))
			return scope.Try(func() error {
				for {
					scope.Make[float64](ctx, 10)
				}
			})
		}},
	{name: "never-reset-limit", what: "a growing buffer with a Limit that is never reset", promise: always,
		message: "bumper.SlabBuffer: out of memory: 80 bytes requested, 48 available, limit 65536; 65488 bytes allocated outside every scope stay until Reset: bumper: limit of the buffer reached",
		program: func(*testing.T) error {
			ctx := on(bumper.NewSlabBuffer(bumper.Limit(1 << 16)))
			return scope.Try(func() error {
				for {
					scope.Make[float64](ctx, 10)
				}
			})
		}},
}
