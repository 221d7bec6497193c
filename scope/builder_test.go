package scope_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// inScopes runs test in a scope of every kind.
func inScopes(t *testing.T, test func(t *testing.T, ctx context.Context)) {
	contexts := kinds()
	contexts["locked"] = locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	contexts["locked/wrapped"] = scope.WithAllocator(context.Background(), meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Fallback()))
	contexts["autoscaling"] = scope.WithAllocator(context.Background(), bumper.NewAutoscalingBuffer(bumper.Initial(100)))
	for kind, ctx := range contexts {
		t.Run(kind+"/noescape", func(t *testing.T) {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { test(t, ctx); return nil }))
		})
		t.Run(kind+"/open", func(t *testing.T) {
			ctx, s := scope.Open(ctx)
			test(t, ctx)
			require.Zero(t, s.Late())
			require.NoError(t, s.End())
		})
	}
}

func TestBuilder(t *testing.T) {
	inScopes(t, func(t *testing.T, ctx context.Context) {
		for _, capacity := range []int{0, 1, 7, 100} {
			b := scope.NewBuilder[float64](ctx, capacity)
			require.Zero(t, b.Len())
			require.Empty(t, b.View())
			var want []float64
			for i := range 300 {
				b.Append(float64(i))
				want = append(want, float64(i))
				if i%50 == 10 {
					more := make([]float64, i)
					more[i-1] = 7
					b.Append(more...)
					want = append(want, more...)
				}
				if i%100 == 20 {
					scope.Make[byte](ctx, 100)[99] = 255 // now it is not the last block
				}
			}
			require.Equal(t, want, b.View())
			require.Equal(t, len(want), b.Len())
			require.Equal(t, b.Len(), cap(b.View()))
		}
	})
}

type odd struct{ R, G, B uint16 }

func TestBuilderOfOtherTypes(t *testing.T) {
	inScopes(t, func(t *testing.T, ctx context.Context) {
		colours, units := scope.NewBuilder[odd](ctx, 0), scope.NewBuilder[struct{}](ctx, 0)
		for i := range 100 {
			colours.Append(odd{B: uint16(i)})
			units.Append(struct{}{})
		}
		require.Equal(t, odd{B: 99}, colours.View()[99])
		require.Equal(t, 100, units.Len())
	})
	require.PanicsWithValue(t, "scope: capacity -1 is negative", func() { scope.NewBuilder[byte](t.Context(), -1) })
	require.Panics(t, func() { scope.NewBuilder[string](t.Context(), 1) })
	for _, n := range []int{math.MaxInt, math.MaxInt/8 + 1} {
		require.ErrorIs(t, scope.Try(func() error { scope.NewBuilder[float64](t.Context(), n); return nil }), scope.ErrExhausted)
	}
}

// TestBuilderGrowsInPlace: what is last takes its own size and no more than twice that.
func TestBuilderGrowsInPlace(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks have pages of their own")
	}
	const n = 1 << 16
	for name, a := range map[string]interface {
		scope.Allocator
		bumper.Buffer
	}{
		"alloc":       bumper.NewAllocBuffer(1 << 20),
		"slab":        bumper.NewSlabBuffer(),
		"autoscaling": bumper.NewAutoscalingBuffer(bumper.Initial(1 << 20)),
	} {
		b := scope.NewBuilder[byte](scope.WithAllocator(t.Context(), a), 1)
		b.Append(1)
		first := &b.View()[0]
		for range n - 1 {
			b.Append(1)
		}
		require.Same(t, first, &b.View()[0], name)
		require.Equal(t, n, a.Stats().Used, name)
	}
	shared := locked.Share(bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
		b := scope.NewBuilder[byte](ctx, 1)
		b.Append(1)
		first := &b.View()[0]
		for range n - 1 {
			b.Append(1)
		}
		require.Same(t, first, &b.View()[0])
		require.LessOrEqual(t, shared.Stats().Used, n*3/2+4096)
		return nil
	}))
}

func TestBuilderStale(t *testing.T) {
	for kind, ctx := range kinds() {
		if kind == "heap" || kind == "simple" {
			continue // nothing ends there
		}
		t.Run(kind, func(t *testing.T) {
			var b *scope.Builder[byte]
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				b = scope.NewBuilder[byte](ctx, 0) // its stamp is that of an empty block
				return nil
			}))
			for what, use := range map[string]func(){
				"Append to":     func() { b.Append(1) },
				"View of":       func() { b.View() },
				"Len of":        func() { b.Len() },
				"Grow of":       func() { b.Grow(0) },
				"ReadFrom into": func() { _, _ = scope.ReadFrom(b, bytes.NewReader(nil), 1) },
			} {
				func() {
					defer func() {
						var stale *scope.StaleError
						require.ErrorAs(t, recover().(error), &stale)
						require.Equal(t, "scope: "+what+" a Builder[uint8]", stale.What)
						require.Contains(t, stale.End, "TestBuilderStale")
					}()
					use()
					t.Fatalf("%s is not noticed", what)
				}()
			}
		})
	}
}

// TestBuilderGrow: what Grow made room for is appended in place; the stamp is that of the
// elements.
func TestBuilderGrow(t *testing.T) {
	for kind, ctx := range kinds() {
		t.Run(kind, func(t *testing.T) {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				b := scope.NewBuilder[float64](ctx, 0)
				b.Append(1)
				b.Grow(1000)
				first := &b.View()[0]
				_ = scope.Make[byte](ctx, 1) // in the way of growing
				b.Append(make([]float64, 1000)...)
				require.Same(t, first, &b.View()[0])
				require.True(t, b.Stamp().Live())
				require.PanicsWithValue(t, "scope: Grow of a Builder by -1 elements", func() { b.Grow(-1) })
				var exhausted *scope.ExhaustedError
				require.ErrorAs(t, scope.Try(func() error { b.Grow(math.MaxInt); return nil }), &exhausted)
				require.Equal(t, 1001, b.Len())
				return nil
			}))
		})
	}
}

// TestBuilderGrowsAsNeeded: Grow moves the elements if there is less room than it is asked for,
// and only then.
func TestBuilderGrowsAsNeeded(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	b := scope.NewBuilder[float64](ctx, 8)
	b.Append(1, 2, 3, 4)
	first := func() *float64 {
		_ = scope.Make[byte](ctx, 1) // in the way of growing in place
		return &b.View()[0]
	}
	before := first()
	for _, n := range []int{0, 1, 4} {
		b.Grow(n)
		require.Same(t, before, first(), "there is room for %d", n)
	}
	b.Grow(5)
	after := first()
	require.NotSame(t, before, after)
	b.Append(5, 6, 7, 8, 9)
	require.Same(t, after, first())
}

// TestBuilderEndsNoScope: where only scopes end memory, what a Builder leaves says nothing of the
// place where its scope ends.
func TestBuilderEndsNoScope(t *testing.T) {
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), func(ctx context.Context) error {
		b := scope.NewBuilder[byte](ctx, 64)
		b.Append(1)
		s := block(t, ctx, 1) // in the way
		end := s.EndPC()
		b.Grow(1000)
		require.Equal(t, end, s.EndPC())
		return nil
	}))
}

// A Builder does not grow into a scope that ends before its own.
func TestBuilderInAnInnerScope(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	b := scope.NewBuilder[byte](ctx, 64)
	b.Append(make([]byte, 64)...)
	require.PanicsWithValue(t, "scope: Append to a Builder[uint8] in a scope within the one that it was made in: its memory would end too early",
		func() {
			_ = scope.NoEscape(ctx, func(context.Context) error { b.Append(1); return nil })
		})
	require.Equal(t, 64, b.Len())
	b.Append(1)

	shared := locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(shared, func(ctx context.Context) error {
		b := scope.NewBuilder[byte](ctx, 64)
		require.NoError(t, scope.NoEscape(ctx, func(context.Context) error { b.Append(make([]byte, 1000)...); return nil }))
		require.Equal(t, 1000, b.Len(), "regions do not stack")
		return nil
	}))
}

// When memory is exhausted, nothing has changed, and what fits is served to the last byte.
func TestBuilderExhausted(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks do not grow in place")
	}
	b := scope.NewBuilder[byte](scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(1000)), 0)
	for range 1000 {
		b.Append(7)
	}
	require.ErrorIs(t, scope.Try(func() error { b.Append(8); return nil }), scope.ErrExhausted)
	require.Equal(t, bytes.Repeat([]byte{7}, 1000), b.View())
}

func TestReadFrom(t *testing.T) {
	inScopes(t, func(t *testing.T, ctx context.Context) {
		for _, n := range []int{0, 1, 511, 512, 513, 5000, 20_000} {
			body := make([]byte, n)
			for i := range body {
				body[i] = byte(i * 7)
			}
			for _, limit := range []int{n, n + 1, math.MaxInt} {
				b := scope.NewBuilder[byte](ctx, 0)
				b.Append(1)
				got, err := scope.ReadFrom(b, iotest.HalfReader(iotest.DataErrReader(bytes.NewReader(body))), limit)
				require.NoError(t, err)
				require.Equal(t, n, got)
				require.Equal(t, append([]byte{1}, body...), b.View())
			}
			if n == 0 {
				continue
			}
			b := scope.NewBuilder[byte](ctx, 0)
			got, err := scope.ReadFrom(b, bytes.NewReader(body), n-1)
			require.ErrorIs(t, err, scope.ErrTooLong)
			require.EqualError(t, scope.Explain(err), err.Error())
			require.Equal(t, n-1, got)
			require.Equal(t, body[:n-1], b.View())
		}
	})
}

// reader reads as it is told.
type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

func TestReadFromErrors(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(4000))
	b := scope.NewBuilder[byte](ctx, 0)
	n, err := scope.ReadFrom(b, io.MultiReader(bytes.NewReader(make([]byte, 700)), iotest.ErrReader(errBroken)), 5000)
	require.Equal(t, errBroken, err)
	require.Equal(t, []int{700, 700}, []int{n, b.Len()})
	n, err = scope.ReadFrom(b, reader(func([]byte) (int, error) { return 0, nil }), 10)
	require.Equal(t, io.ErrNoProgress, err)
	require.Zero(t, n)
	n, err = scope.ReadFrom(b, bytes.NewReader(make([]byte, 10_000)), 1<<20)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Equal(t, 700+n, b.Len())
	require.PanicsWithValue(t, "scope: ReadFrom with limit -1", func() { _, _ = scope.ReadFrom(b, nil, -1) })
	lying := reader(func(p []byte) (int, error) { return len(p) + 1, nil })
	b = scope.NewBuilder[byte](context.Background(), 0)
	require.PanicsWithValue(t, "scope: ReadFrom: scope_test.reader.Read returned 513 for 512 bytes", func() { _, _ = scope.ReadFrom(b, lying, 1000) })

	var s *scope.Scope
	ctx, s = scope.Open(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()))
	b = scope.NewBuilder[byte](ctx, 0)
	err = outcome(func() {
		_, _ = scope.ReadFrom(b, reader(func(p []byte) (int, error) { return len(p), s.End() }), 1<<20)
	})
	require.ErrorIs(t, err, scope.ErrStale, "the scope ends while the body arrives")
}

// outcome returns the error that f panics with.
func outcome(f func()) (err error) {
	defer func() {
		err, _ = recover().(error)
	}()
	f()
	return nil
}

// TestBodyAllocations: a body of unknown length costs the Builder and the region's context,
// and no memory of the heap that grows with it.
func TestBodyAllocations(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer())
	body := make([]byte, 300_000)
	r := bytes.NewReader(body)
	read := func(ctx context.Context) error {
		r.Reset(body)
		_, err := scope.ReadFrom(scope.NewBuilder[byte](ctx, 0), r, 1<<20)
		return err
	}
	run := func() {
		if err := scope.NoEscape(ctx, read); err != nil {
			panic(err)
		}
	}
	run()
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			run()
		}
	})
	require.EqualValues(t, 2, result.AllocsPerOp())
	require.LessOrEqual(t, result.AllocedBytesPerOp(), int64(250))
}

// BenchmarkBody reads a body of 300 kB whose length is not known.
func BenchmarkBody(b *testing.B) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	body := make([]byte, 300_000)
	r := bytes.NewReader(body)
	b.Run("by=readfrom", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				r.Reset(body)
				_, err := scope.ReadFrom(scope.NewBuilder[byte](ctx, 0), r, 1<<20)
				return err
			})
		}
	})
	b.Run("by=io.ReadAll", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Reset(body)
			_, _ = io.ReadAll(io.LimitReader(r, 1<<20))
		}
	})
}

// TestBuilderAppendsItself: what is appended may be the Builder's own elements, as with append,
// also where growing releases the memory that they are in.
func TestBuilderAppendsItself(t *testing.T) {
	for name, a := range map[string]scope.Allocator{"heap": scope.Heap(), "slab": bumper.NewSlabBuffer(), "free list": trial.NewFreeList()} {
		b := scope.NewBuilder[int32](scope.WithAllocator(t.Context(), a), 1)
		want := []int32{1, 2, 3}
		b.Append(want...)
		for range 10 {
			b.Append(b.View()...)
			want = append(want, want...)
			require.Equal(t, want, b.View(), name)
		}
	}
}
