package scope_test

import (
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// ledger is an allocator without any further ability that records what it is asked for.
type ledger struct{ sizes []int }

func (l *ledger) Alloc(size, align uintptr) (memory.Block, error) {
	l.sizes = append(l.sizes, int(size))
	return scope.Heap().Alloc(size, align)
}

// Elements that come one by one cost a block of twice the length now and then; many at
// once cost one block that holds them all.
func TestBuilderDoubles(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks are longer")
	}
	l := &ledger{}
	b := scope.NewBuilder[uint32](scope.WithAllocator(t.Context(), l), 0)
	for i := range 1 << 12 {
		b.Append(uint32(i))
	}
	require.Equal(t, []int{0, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384}, l.sizes)
	b.Append(make([]uint32, 100_000)...)
	require.Equal(t, 4*(1<<12+100_000), l.sizes[len(l.sizes)-1])
	b.Append(make([]uint32, 1)...)
	require.Equal(t, 2*4*(1<<12+100_000), l.sizes[len(l.sizes)-1])
	require.Len(t, l.sizes, 12)
}

// However small the capacity, the block begins at a multiple of 64 and takes no more than
// is needed for that.
func TestBuilderIsAligned(t *testing.T) {
	for _, capacity := range []int{1, 2, 31, 63, 64, 65, 200} {
		buf := bumper.NewAllocBuffer(1 << 12)
		ctx := scope.WithAllocator(t.Context(), buf)
		scope.Make[byte](ctx, 1) // so that what is small would begin anywhere
		b := scope.NewBuilder[byte](ctx, capacity)
		b.Append(make([]byte, capacity)...)
		require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(b.View())))%64, capacity)
		if !testenv.Guarded() {
			require.Equal(t, 64+max(capacity, 64), buf.Stats().Used, capacity)
		}
	}
	l := &ledger{}
	ctx := scope.WithAllocator(t.Context(), l)
	scope.NewBuilder[[7]byte](ctx, 1)
	scope.NewBuilder[[65]byte](ctx, 1)
	scope.NewBuilder[struct{}](ctx, 1)
	if !testenv.Guarded() {
		require.Equal(t, []int{70, 65, 0}, l.sizes, "whole elements")
	}
}

// Where twice the length is not to be had, what is needed is enough.
func TestBuilderTakesWhatFits(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks do not grow in place")
	}
	buf := bumper.NewAllocBuffer(1000)
	b := scope.NewBuilder[byte](scope.WithAllocator(t.Context(), buf), 0)
	for _, n := range []int{564, 300, 1, 135} {
		b.Append(make([]byte, n)...)
	}
	require.Equal(t, 1000, b.Len())
	require.Equal(t, 1000, buf.Stats().Used)
	require.ErrorIs(t, scope.Try(func() error { b.Append(0); return nil }), scope.ErrExhausted)
}

// More elements than an int can count are refused, also those that take no memory.
func TestBuilderOverflows(t *testing.T) {
	b := scope.NewBuilder[struct{}](t.Context(), 0)
	b.Append(make([]struct{}, 5)...)
	err := scope.Try(func() error { b.Append(make([]struct{}, math.MaxInt-4)...); return nil })
	var exhausted *scope.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.Equal(t, ^uintptr(0), exhausted.Requested)
	require.Equal(t, 5, b.Len())
	b.Append(make([]struct{}, math.MaxInt-5)...)
	require.Equal(t, math.MaxInt, b.Len())
}

// A block of one element is lengthened in place, as any other.
func TestBuilderOfLargeElements(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks do not grow in place")
	}
	buf := bumper.NewSlabBuffer()
	b := scope.NewBuilder[[100]byte](scope.WithAllocator(t.Context(), buf), 1)
	for range 64 {
		b.Append([100]byte{})
	}
	require.Equal(t, 6400, buf.Stats().Used)
}
