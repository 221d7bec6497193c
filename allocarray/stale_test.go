package allocarray_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// escaped returns operands whose scope has ended, and where it did.
func escaped[T allocarray.Element](t *testing.T) (o *operands[T], where string) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	_, file, line, _ := runtime.Caller(0)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		o = newOperands[T](ctx)
		return nil
	})
	require.NoError(t, err)
	return o, fmt.Sprintf("%s:%d", filepath.Base(file), line+1)
}

// TestStale makes each array of each call stale in turn: as many panics as the call
// has arrays, each of which tells what, where and what to do.
func TestStale(t *testing.T) {
	api := exported(t)
	live := newOperands[float64](t.Context())
	stale, where := escaped[float64](t)
	calls := append(append(operationCalls[float64](), floatCalls[float64]()...), methodCalls[float64]()...)
	for _, c := range calls {
		panics := 0
		for _, replace := range roles[float64]() {
			o := *live
			what := replace(&o, stale)
			if v := panicOf(func() { c.run(t.Context(), &o) }); v != nil {
				requireStale(t, v, c.name, what, where)
				panics++
			}
		}
		require.Equal(t, api[c.name].arrays, panics, "%s: arrays whose staleness is noticed", c.name)
	}
}

func requireStale(t *testing.T, v any, name, what, where string) {
	err, ok := v.(*scope.StaleError)
	require.True(t, ok, "%s panics with %v", name, v)
	require.ErrorIs(t, err, scope.ErrStale)
	name = strings.TrimPrefix(name, "AllocArray.")
	require.Equal(t, "allocarray: "+name+" of a "+what+" array", err.What)
	require.Contains(t, err.End, where, name)
	require.Contains(t, err.Error(), "Heap()")
}

// TestStaleHeader: what uses no element works on a stale array.
func TestStaleHeader(t *testing.T) {
	stale, where := escaped[float32](t)
	for _, c := range headerCalls[float32]() {
		require.Nil(t, panicOf(func() { c.run(t.Context(), stale) }), c.name)
	}
	require.False(t, stale.a.Live())
	require.Equal(t, []int{side, side}, stale.a.Similar(t.Context()).Shape())
	require.Contains(t, stale.a.String(), "4×4 float32 array whose scope has ended at ")
	require.Contains(t, stale.a.String(), where)
}

// TestStaleViews: a view lives and dies with the array it was made from, also when
// it is made from a wider scope's array inside a narrower scope.
func TestStaleViews(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	var inner, outer allocarray.AllocArray[int]
	wide := allocarray.New[int](ctx, 2, 3)
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		narrow := allocarray.New[int](ctx, 2, 3)
		inner, outer = narrow.Transpose().Index(0, 1), wide.Transpose().Index(0, 1)
		require.True(t, inner.Live())
		return nil
	}))
	require.False(t, inner.Live())
	require.Equal(t, 0, outer.At(1))
	require.IsType(t, &scope.StaleError{}, panicOf(func() { inner.At(1) }))
}

// TestHeapOutlives: copies made with Heap, or into an outer array, survive.
func TestHeapOutlives(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	var kept allocarray.AllocArray[int]
	into := allocarray.New[int](t.Context(), 2, 2)
	for range 2 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			x := allocarray.Arange[int](ctx, 4).Reshape(2, 2).Transpose()
			kept = x.Heap()
			x.CopyTo(into)
			return nil
		}))
	}
	require.True(t, kept.Live() && into.Live())
	require.Equal(t, []int{0, 2, 1, 3}, kept.Data())
	require.Equal(t, []int{0, 2, 1, 3}, into.Data())
}

// TestZeroArray: the zero value has no element, and says so.
func TestZeroArray(t *testing.T) {
	zero := &operands[float64]{fn: func(v float64) float64 { return v }}
	require.Equal(t, 0, zero.a.Len())
	require.Equal(t, "[]", zero.a.String())
	require.Equal(t, []int{3}, zero.a.Similar(t.Context(), 3).Shape())
	api := exported(t)
	for _, c := range append(operationCalls[float64](), methodCalls[float64]()...) {
		if api[c.name].arrays == 0 {
			continue
		}
		text := fmt.Sprint(panicOf(func() { c.run(t.Context(), zero) }))
		require.True(t, strings.HasPrefix(text, "allocarray: "), "%s: %s", c.name, text)
		require.True(t, strings.Contains(text, "zero AllocArray") || c.name == "Concat" || c.name == "ConcatInto", "%s: %s", c.name, text)
	}
}

// failing is an allocator whose n-th allocation finds no memory.
type failing struct {
	scope.Allocator
	left int
}

func (f *failing) Alloc(size, align uintptr) (memory.Block, error) {
	if f.left--; f.left < 0 {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "failing", Requested: size}
	}
	return f.Allocator.Alloc(size, align)
}

func (f *failing) Unwrap() scope.Allocator { return f.Allocator }

// TestExhausted fails each allocation of each call in turn, and then gives it a
// buffer that is one byte too small: NoEscape returns the error, and the buffer is
// as it was.
func TestExhausted(t *testing.T) {
	api := exported(t)
	o := newOperands[float64](t.Context())
	for _, c := range allCalls[float64]() {
		if !api[c.name].context {
			continue
		}
		run := func(a scope.Allocator) error {
			return scope.NoEscape(scope.WithAllocator(t.Context(), a), func(ctx context.Context) error {
				c.run(ctx, o)
				return nil
			})
		}
		measure := bumper.NewAllocBuffer(1 << 16)
		require.NoError(t, run(measure), c.name)
		need := measure.Stats()
		require.Positive(t, need.Allocations, "%s allocates through its context", c.name)
		for i := range int(need.Allocations) {
			buf := bumper.NewAllocBuffer(1 << 16)
			requireExhausted(t, run(&failing{buf, i}), c.name)
			require.Zero(t, buf.Stats().Used, c.name)
		}
		small := bumper.NewAllocBuffer(need.HighWater - 1)
		requireExhausted(t, run(small), c.name)
		require.Zero(t, small.Stats().Used)
	}
}

func requireExhausted(t *testing.T, err error, name string) {
	require.ErrorIs(t, err, scope.ErrExhausted, name)
	var e *scope.ExhaustedError
	require.True(t, errors.As(err, &e), name)
	require.Positive(t, e.Requested, name)
}
