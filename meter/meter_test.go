package meter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

func TestFallback(t *testing.T) {
	buf := bumper.NewAllocBuffer(10_000)
	for kind, a := range map[string]scope.Allocator{"unlocked": buf, "locked": locked.Share(bumper.NewAllocBuffer(10_000))} {
		m := meter.New(a, meter.Fallback())
		require.Same(t, a, m.Unwrap())
		ctx := scope.WithAllocator(t.Context(), m)
		for range 3 {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				_, in, err := scope.Alloc[byte](ctx, 6000)
				require.NoError(t, err)
				s, out, err := scope.Alloc[byte](ctx, 6000)
				require.NoError(t, err)
				s[5999] = 1
				require.True(t, in.Scoped())
				require.False(t, out.Scoped())
				return nil
			}))
			require.Zero(t, buf.Stats().Used)
		}
		require.Equal(t, meter.Stats{HeapBlocks: 3, HeapBytes: 18_000}, m.Stats(), kind)
		_, err := m.Alloc(^uintptr(0), 1)
		require.ErrorIs(t, err, scope.ErrExhausted, "the heap has not got that either")
		require.Equal(t, meter.Stats{HeapBlocks: 3, HeapBytes: 18_000, Refused: 1}, m.Stats(), "a failure is no block")
		require.Equal(t, "meter of scope.Heap: 1 refused, 0 retried, 3 blocks (18000 bytes) from the heap",
			m.Rewrap(scope.Heap()).(*meter.Meter).String())
	}
}

// broken is an allocator that fails for another reason.
type broken struct{}

func (broken) Alloc(uintptr, uintptr) (memory.Block, error) { return memory.Block{}, errBroken }

var errBroken = errors.New("broken")

func TestOtherErrorsPass(t *testing.T) {
	m := meter.New(broken{}, meter.Fallback(), within(100), meter.OnExhausted(func(meter.Request) bool { panic("not exhausted") }))
	_, err := m.Alloc(1, 1)
	require.Equal(t, errBroken, err)
	require.Zero(t, m.Stats().HeapBlocks)
	require.Zero(t, m.Stats().Limit.Used)
}

// panics is an allocator that panics.
type panics struct{}

func (panics) Alloc(uintptr, uintptr) (memory.Block, error) { panic("p") }

func TestPanicsChargeNothing(t *testing.T) {
	m := meter.New(panics{}, within(100))
	require.PanicsWithValue(t, "p", func() { _, _ = m.Alloc(10, 1) })
	require.Zero(t, m.Stats().Limit.Used)
	m = meter.New(scope.Heap(), within(100))
	require.Panics(t, func() { _, _ = m.Alloc(10, 3) })
	require.Zero(t, m.Stats().Limit.Used)
	for _, size := range []uintptr{math.MaxInt, math.MaxUint, math.MaxInt - 63} {
		_, err := meter.New(scope.Heap(), within(0)).Alloc(size, 1)
		require.ErrorIs(t, err, scope.ErrExhausted)
	}
}

// TestOnExhausted: it is called while no lock is held, so that it can release memory and
// allocate, and as often as it asks for another attempt.
func TestOnExhausted(t *testing.T) {
	for kind, allocator := range metered {
		t.Run(kind, func(t *testing.T) {
			l := meter.NewLimit(nil, "tenant", 1<<20)
			release := hold(t, l, 1<<20)
			release = sync.OnceFunc(release)
			var requests []meter.Request
			var ctx context.Context
			inner := allocator(l)
			m := meter.New(inner, meter.OnExhausted(func(r meter.Request) bool {
				requests = append(requests, r)
				if r.Attempt == 2 {
					release()
					if kind != "unlocked" && kind != "isolating" { // whose one slab is all of the limit
						require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 1000); return nil }))
					}
				}
				return r.Attempt < 3
			}))
			ctx = scope.WithAllocator(t.Context(), m)
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				scope.Make[byte](ctx, 5000)
				require.Len(t, requests, 2)
				require.EqualValues(t, 5000, requests[1].Size)
				require.Equal(t, []int{1, 2}, []int{requests[0].Attempt, requests[1].Attempt})
				require.Same(t, l, meter.RefusedBy(requests[0].Err))
				_, _, err := scope.Alloc[byte](ctx, 2<<20)
				require.Same(t, l, meter.RefusedBy(err))
				return nil
			}))
			require.Len(t, requests, 5)
			require.EqualValues(t, 4, m.Stats().Retried)
			require.EqualValues(t, 1, m.Stats().Refused)
			require.Equal(t, []int{0}, used(l))
		})
	}
}

func TestZero(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guard mode moves blocks, and fills them so that nobody relies on their content")
	}
	for kind, a := range map[string]scope.Allocator{"locked": locked.Share(bumper.NewSlabBuffer()), "unlocked": bumper.NewSlabBuffer()} {
		ctx := scope.WithAllocator(t.Context(), meter.New(a, meter.Zero()))
		for range 3 {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				s, _, err := scope.Alloc[byte](ctx, 1000)
				require.NoError(t, err)
				require.Equal(t, make([]byte, 1000), s, kind)
				copy(s, "old data")
				return nil
			}))
		}
	}
}

// TestFailEachInTurn: whichever allocation of a computation fails, the error comes out of
// NoEscape, nothing leaks, and the next run is right.
func TestFailEachInTurn(t *testing.T) {
	model, err := nn.NewChain([]int{8}, nn.NewDense("a", 8, 16), nn.ReLU{}, nn.NewDense("b", 16, 4), nn.Softmax{})
	require.NoError(t, err)
	shared := locked.Share(bumper.NewSlabBuffer())
	l := meter.NewLimit(nil, "request", 1<<20)
	run := func(opts ...meter.Option) (result []float32, stats meter.Stats, err error) {
		m := meter.New(shared, append(opts, meter.Within(l))...)
		err = scope.NoEscape(scope.WithAllocator(t.Context(), m), func(ctx context.Context) error {
			x := allocarray.Full(ctx, float32(0.5), 3, 8)
			y := model.Forward(ctx, allocarray.AddScalar(ctx, x, 1))
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				result = slices.Clone(allocarray.MulScalar(ctx, y, 2).Data())
				return nil
			})
		})
		return result, m.Stats(), err
	}
	want, _, err := run()
	require.NoError(t, err)
	failed := 0
	for nth := 1; ; nth++ {
		got, stats, err := run(meter.Fail(nth))
		require.Equal(t, []int{0}, used(l))
		require.Zero(t, shared.Stats().Used)
		if err == nil {
			require.Zero(t, stats.Injected)
			require.Equal(t, want, got)
			break
		}
		require.ErrorIs(t, err, meter.ErrInjected)
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.EqualValues(t, 1, stats.Injected)
		failed++
	}
	require.Greater(t, failed, 4)
	got, stats, err := run(meter.FailRandomly(0.5, 1), meter.Fallback())
	require.NoError(t, err, "the heap serves what fails")
	require.Equal(t, want, got)
	require.NotZero(t, stats.HeapBlocks)
	require.Panics(t, func() { meter.Fail(0) })
	require.Panics(t, func() { meter.FailRandomly(math.NaN(), 0) })
}

// TestFailRandomly: as often as told, and the same ones again with the same seed.
func TestFailRandomly(t *testing.T) {
	run := func(p float64, seed uint64) (pattern string) {
		m := meter.New(scope.Heap(), meter.FailRandomly(p, seed))
		for range 1000 {
			if _, err := m.Alloc(8, 8); err != nil {
				pattern += "x"
			} else {
				pattern += "."
			}
		}
		return pattern
	}
	require.InDelta(t, 300, strings.Count(run(0.3, 1), "x"), 60)
	require.Equal(t, run(0.3, 1), run(0.3, 1))
	require.NotEqual(t, run(0.3, 1), run(0.3, 2))
	require.Zero(t, strings.Count(run(0, 1), "x"))
	require.Zero(t, strings.Count(run(1, 1), "."))
}

// TestLog: outermost scopes that are slow, large or refused, and no other.
func TestLog(t *testing.T) {
	for kind, a := range map[string]func() scope.Allocator{
		"locked":   func() scope.Allocator { return locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20))) },
		"unlocked": func() scope.Allocator { return bumper.NewSlabBuffer(bumper.Limit(1 << 20)) },
		"heap":     func() scope.Allocator { return scope.Heap() },
	} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time stands still but in Sleep
				var out bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == slog.TimeKey || a.Key == "duration" && a.Value.Duration() < 20*time.Millisecond {
						return slog.Attr{}
					}
					return a
				}}))
				m := meter.New(a(), meter.Log(logger, 20*time.Millisecond, 200_000), meter.Within(meter.NewLimit(nil, "tenant", 500_000)))
				ctx := scope.WithAllocator(t.Context(), m)
				logged := func(fn func(ctx context.Context) error) string {
					out.Reset()
					_ = scope.NoEscape(ctx, func(ctx context.Context) error { return scope.NoEscape(ctx, fn) })
					return out.String()
				}
				require.Empty(t, logged(func(ctx context.Context) error { scope.Make[byte](ctx, 100_000); return nil }))
				require.Contains(t, logged(func(ctx context.Context) error { time.Sleep(25 * time.Millisecond); return nil }), "duration=")
				large := logged(func(ctx context.Context) error { scope.Make[byte](ctx, 200_000); return nil })
				require.Regexp(t, `^level=WARN msg="memory scope" bytes=2\d{5} failed=0 limit=tenant\n$`, large)
				refused := logged(func(ctx context.Context) error { scope.Make[byte](ctx, 600_000); return nil })
				require.Regexp(t, `^level=WARN msg="memory scope" bytes=\d+ failed=1 limit=tenant error=".*600000 bytes requested.*\\"tenant\\".*"\n$`, refused)
				require.Equal(t, 1, strings.Count(refused, "\n"), "the outermost")
			})
		})
	}
	require.Panics(t, func() { meter.Log(nil, 0, 0) })
}

// served computes something with scopes that overlap and nest.
func served(ctx context.Context) error {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				for j := range 3 {
					scope.Make[byte](ctx, 1000*(i+1))
					_ = scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[float64](ctx, 10_000*j); return nil })
				}
				return nil
			})
		})
	}
	wg.Wait()
	return nil
}

// TestTraceAndReplay: a trace that was replayed gives the same trace.
func TestTraceAndReplay(t *testing.T) {
	for kind, opts := range map[string][]meter.Option{"plain": nil, "limit": {within(8 << 20)}} {
		var first, second bytes.Buffer
		m := meter.New(locked.Share(bumper.NewSlabBuffer()), append(opts, meter.Trace(&first))...)
		require.NoError(t, served(scope.WithAllocator(t.Context(), m)))
		_, err := m.Alloc(77, 8)
		require.NoError(t, err)

		again := meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Trace(&second))
		got, err := meter.Replay(scope.WithAllocator(t.Context(), again), bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.Equal(t, meter.Replayed{Scopes: 12, Allocations: 19, Bytes: 3*(1+2+3)*1000 + 3*8*30_000 + 77}, got, kind)
		require.Equal(t, scopesOf(t, first.String()), scopesOf(t, second.String()))

		got, err = meter.Replay(scope.WithAllocator(t.Context(), locked.Share(bumper.NewAllocBuffer(100_000))), bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.NotZero(t, got.Refused, "that buffer is too small")
		require.ErrorIs(t, got.First, scope.ErrExhausted)
	}
}

// scopesOf returns what happened in each scope of a trace, and how deep that was, sorted:
// scopes of other goroutines may begin in another order.
func scopesOf(t *testing.T, trace string) []string {
	depth, happened := map[int]int{}, map[int]string{}
	for d := json.NewDecoder(strings.NewReader(trace)); ; {
		var e struct {
			Op                     string
			Scope, In, Size, Align int
		}
		if err := d.Decode(&e); err == io.EOF {
			return slices.Sorted(maps.Values(happened))
		} else if err != nil {
			require.NoError(t, err)
		}
		if e.Op == "begin" {
			depth[e.Scope] = depth[e.In] + 1
		}
		happened[e.Scope] += fmt.Sprintf("%d %s %d %d, ", depth[e.Scope], e.Op, e.Size, e.Align)
	}
}

// untimed removes the times from a trace.
func untimed(trace string) (lines []string) {
	for _, line := range strings.Split(trace, "\n") {
		_, rest, _ := strings.Cut(line, ",")
		lines = append(lines, rest)
	}
	return lines
}

// TestTraceLines, on each kind of allocator.
func TestTraceLines(t *testing.T) {
	for kind, a := range map[string]scope.Allocator{
		"locked": locked.Share(bumper.NewAllocBuffer(5000)), "unlocked": bumper.NewAllocBuffer(5000), "full": meter.New(scope.Heap(), within(5000)),
	} {
		var out bytes.Buffer
		ctx := scope.WithAllocator(t.Context(), meter.New(a, meter.Trace(&out)))
		require.ErrorIs(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			scope.Make[float32](ctx, 20)
			for range 2 {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 3); return nil })
			}
			scope.Make[int32](ctx, 5000)
			return nil
		}), scope.ErrExhausted)
		lines := untimed(out.String())
		require.Len(t, lines, 11)
		require.Regexp(t, `^"op":"alloc","scope":1,"size":20000,"align":4,"error":".*out of memory: 20000 bytes requested.*"}$`, lines[8])
		lines[8] = ""
		require.Equal(t, []string{
			`"op":"begin","scope":1,"in":0}`,
			`"op":"alloc","scope":1,"size":80,"align":4}`,
			`"op":"begin","scope":2,"in":1}`,
			`"op":"alloc","scope":2,"size":3,"align":1}`,
			`"op":"end","scope":2}`,
			`"op":"begin","scope":3,"in":1}`,
			`"op":"alloc","scope":3,"size":3,"align":1}`,
			`"op":"end","scope":3}`,
			"",
			`"op":"end","scope":1}`,
			"",
		}, lines, kind)
	}
}

// A trace that cannot be written stops; the program goes on.
func TestTraceErrors(t *testing.T) {
	m := meter.New(scope.Heap(), meter.Trace(failing{}))
	_, err := m.Alloc(10, 1)
	require.NoError(t, err)
	require.Equal(t, io.ErrShortWrite, m.Stats().TraceError)

	for trace, want := range map[string]string{
		`{"op":"begin","scope":2,"in":1}`:                                       "meter: Replay: line 1: scope 2 begins in 1: the first is open, or the second is not",
		"{\"op\":\"begin\",\"scope\":2,\"in\":0}\n{\"op\":\"end\",\"scope\":3}": "meter: Replay: line 2: scope 3 ends, and is not open",
		`{"op":"alloc","scope":0,"size":1,"align":3}`:                           "meter: Replay: line 1: allocation with alignment 3 in scope 0: invalid, or not open",
		`{"op":"jump"}`: `meter: Replay: line 1: unknown op "jump"`,
		`{"op":`:        "meter: Replay: line 1: unexpected EOF",
	} {
		_, err := meter.Replay(scope.WithAllocator(t.Context(), locked.Share(bumper.NewSlabBuffer())), strings.NewReader(trace))
		require.EqualError(t, err, want)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
