package misuse_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestOpen(t *testing.T) { run(t, opens) }

var opens = []mistake{
	{name: "array-after-end", what: "an array used after the End of its Scope", promise: always,
		message: "allocarray: At of a 10 float64 array whose scope has ended at PLACE; copy what must outlive a scope with Heap() or CopyTo before it ends",
		program: func(*testing.T) error {
			ctx, s := scope.Open(bump())
			x := allocarray.Full(ctx, 7.0, 10)
			_ = s.End()
			x.At(3)
			return nil
		}},
	{name: "slice-after-end", what: "a raw slice used after the End of its Scope", promise: inGuardMode,
		message: "scope: access to byte 24 of a block of 80 bytes allocated atSTACKwhose scope has ended at PLACE; copy what must outlive a scope before it ends",
		program: func(*testing.T) error {
			ctx, s := scope.Open(locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer()))
			x := scope.Make[float64](ctx, 10)
			_ = s.End()
			return scope.Try(func() error { x[3]++; return nil })
		}},
	{name: "builder-after-end", what: "a Builder used after the end of its scope", promise: always,
		message: "scope: Append to a Builder[float64] whose scope has ended at PLACE; copy what must outlive a scope before it ends",
		program: func(*testing.T) error {
			ctx, s := scope.Open(bump())
			b := scope.NewBuilder[float64](ctx, 10)
			_ = s.End()
			b.Append(1)
			return nil
		}},
	{name: "builder-in-an-inner-scope", what: "a Builder that would grow in a scope within its own", promise: always,
		message: "scope: Append to a Builder[float64] in a scope within the one that it was made in: its memory would end too early",
		program: func(*testing.T) error {
			ctx := bump()
			b := scope.NewBuilder[float64](ctx, 8)
			return scope.NoEscape(ctx, func(context.Context) error { b.Append(make([]float64, 9)...); return nil })
		}},
	{name: "body-too-long", what: "a body that is longer than its limit", promise: always,
		message: "scope: ReadFrom: input is longer than the limit of 4 bytes",
		program: func(*testing.T) error {
			_, err := scope.ReadFrom(scope.NewBuilder[byte](bump(), 0), strings.NewReader("12345"), 4)
			return err
		}},
	{name: "out-of-order", what: "End of a Scope on an unlocked buffer, above which another is open", promise: always,
		message: "scope: End of the scope opened at PLACE: bumper: checkpoint restored out of order: a later one is still open",
		program: func(*testing.T) error {
			ctx := bump()
			_, outer := scope.Open(ctx)
			_, inner := scope.Open(ctx)
			err := outer.End()
			_, _ = inner.End(), outer.End()
			return err
		}},
	{name: "end-while-held", what: "End of a Scope on a buffer that a parallel region uses: it ends when that does", promise: always,
		message: "scope: End of the scope opened at PLACE: bumper: buffer is in use by a parallel region; reset it when the region has ended",
		program: func(t *testing.T) error {
			buf := bumper.NewSlabBuffer()
			ctx, s := scope.Open(on(buf))
			x := allocarray.Full(ctx, 7.0, 10)
			err := scope.NoEscape(locked.WithLockedBumper(context.Background(), buf), func(context.Context) error {
				err := s.End()
				require.Equal(t, 7.0, x.At(3))
				return err
			})
			require.NoError(t, buf.Reset())
			return err
		}},
	{name: "left-open", what: "a Scope left open in a NoEscape on an unlocked buffer", promise: always,
		message: "bumper: checkpoint restored out of order: a later one is still open",
		program: func(*testing.T) error {
			return scope.NoEscape(bump(), func(ctx context.Context) error { _, _ = scope.Open(ctx); return nil })
		}},
	{name: "left-open-shared", what: "a Scope left open in a NoEscape on a shared buffer: it ends with it", promise: construction,
		program: func(t *testing.T) error {
			shared := locked.Share(bumper.NewSlabBuffer())
			err := scope.NoEscape(scope.WithAllocator(context.Background(), shared), func(ctx context.Context) error {
				ctx, _ = scope.Open(ctx)
				scope.Make[float64](ctx, 10)
				return nil
			})
			require.Zero(t, shared.Stats().Open)
			return err
		}},
	{name: "ended-twice", what: "a second End", promise: construction,
		program: func(*testing.T) error {
			_, s := scope.Open(bump())
			_ = s.End()
			return s.End()
		}},
	{name: "context-after-end", what: "the context of a Scope kept beyond its End: memory of the heap, counted", promise: construction,
		program: func(t *testing.T) error {
			outside := bump()
			ctx, s := scope.Open(outside)
			err := s.End()
			_ = scope.NoEscape(outside, func(now context.Context) error {
				x, y := allocarray.Full(now, 1.0, 10), allocarray.Full(ctx, 7.0, 10)
				require.Equal(t, []float64{1, 7}, []float64{x.At(3), y.At(3)})
				return nil
			})
			require.EqualValues(t, 1, s.Late())
			return err
		}},
	{name: "outer-context", what: "the context of a Scope on an unlocked buffer used while one within it is open: memory of the heap, counted", promise: construction,
		program: func(t *testing.T) error {
			outer, s := scope.Open(bump())
			_, inner := scope.Open(outer)
			x := allocarray.Full(outer, 7.0, 10)
			err := inner.End()
			require.Equal(t, 7.0, x.At(3))
			require.EqualValues(t, 1, s.Late())
			_ = s.End()
			return err
		}},
	{name: "never-ended", what: "a Scope that nobody ends: told to scope.OnLeak, with the place, after a garbage collection, and ended", promise: always,
		message: "never ended: opened at PLACE",
		program: func(t *testing.T) error {
			places := make(chan string, 1)
			scope.OnLeak(func(place string) { places <- place })
			defer scope.OnLeak(nil)
			shared := locked.Share(bumper.NewSlabBuffer())
			forget(scope.WithAllocator(context.Background(), shared))
			for range 1000 {
				runtime.GC()
				select {
				case place := <-places:
					require.Zero(t, shared.Stats().Open)
					panic("never ended: opened at " + place)
				case <-time.After(5 * time.Millisecond):
				}
			}
			return nil
		}},
	{name: "end-elsewhere", what: "End of a Scope on an unlocked buffer while another goroutine uses it", promise: inGuardMode,
		message: twoAtOnce + "End of a Scope atSTACKand an allocation atSTACK",
		program: func(*testing.T) error {
			src := slow{make(chan bool), make(chan bool)}
			ctx, s := scope.Open(on(bumper.NewAllocBuffer(1000, bumper.From(src))))
			done := make(chan bool)
			go func() { scope.Make[float64](ctx, 10); close(done) }()
			<-src.called
			defer func() { close(src.goOn); <-done }()
			return s.End()
		}},
}

//go:noinline
func forget(ctx context.Context) {
	ctx, _ = scope.Open(ctx)
	scope.Make[float64](ctx, 10)
}
