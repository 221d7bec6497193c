package bumper_test

import (
	"context"
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// embedding is a third party's buffer around one of ours.
type embedding struct {
	*bumper.AllocBuffer
	calls int
}

func (e *embedding) Alloc(size, align uintptr) (memory.Block, error) {
	e.calls++
	return e.AllocBuffer.Alloc(size, align)
}

// TestEmbeddedBuffer: every allocation calls the Alloc of what wraps a buffer, even where all
// of its other methods are the buffer's.
func TestEmbeddedBuffer(t *testing.T) {
	e := &embedding{AllocBuffer: bumper.NewAllocBuffer(10_000)}
	ctx := scope.WithAllocator(context.Background(), e)
	for range 3 {
		_, _, err := scope.Alloc[float64](ctx, 8)
		require.NoError(t, err)
	}
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		scope.Make[int](ctx, 8)
		return nil
	}))
	require.Equal(t, 4, e.calls)
}

// TestWithoutCall: scope.Alloc, which does without the buffer's Alloc where it can, gives the
// blocks that Alloc would, and the statistics are the same.
func TestWithoutCall(t *testing.T) {
	type pair struct {
		a int8
		b int32
	}
	for name, make := range buffers {
		t.Run(name, func(t *testing.T) {
			direct, called := make(), make()
			ctx := scope.WithAllocator(context.Background(), direct)
			deep := context.WithValue(ctx, deepKey(0), 0)
			same := func(mem unsafe.Pointer, stamp scope.Stamp, err error, size, align uintptr) {
				t.Helper()
				require.NoError(t, err)
				require.True(t, stamp.Live())
				b, err := called.Alloc(size, align)
				require.NoError(t, err)
				if !testenv.Guarded() { // which moves blocks
					require.Equal(t, uintptr(unsafe.Pointer(unsafe.SliceData(b.Bytes())))%64, uintptr(mem)%64)
				}
				require.Equal(t, called.Stats(), direct.Stats())
			}
			for i := range 60 {
				n := 1 + i*i%37
				f, stamp, err := scope.Alloc[float64](ctx, n)
				same(unsafe.Pointer(&f[0]), stamp, err, uintptr(n)*8, unsafe.Alignof(f[0]))
				c, stamp, err := scope.Alloc[int8](deep, n)
				same(unsafe.Pointer(&c[0]), stamp, err, uintptr(n), 1)
				p, stamp, err := scope.Alloc[pair](ctx, n)
				same(unsafe.Pointer(&p[0]), stamp, err, uintptr(n)*8, 4)
			}
			_, _, err := scope.Alloc[float64](ctx, 0)
			require.NoError(t, err)
			require.Panics(t, func() { _, _, _ = scope.Alloc[float64](ctx, -1) })
			_, _, err = scope.Alloc[float64](ctx, math.MaxInt)
			require.ErrorIs(t, err, scope.ErrExhausted)
			_, _, err = scope.Alloc[[1 << 12]int64](ctx, math.MaxInt/(1<<14)+1) // a multiple of 2^64 bytes
			require.ErrorIs(t, err, scope.ErrExhausted)
			_, _, err = scope.Alloc[[1 << 12]int64](ctx, math.MaxInt/(1<<14)+2) // and a little more
			require.ErrorIs(t, err, scope.ErrExhausted)
		})
	}
}
