package scope_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// dirty returns a context with a buffer whose memory is full of ones.
func dirty(t testing.TB) context.Context {
	buf := bumper.NewAllocBuffer(1 << 16)
	b, err := buf.Alloc(1<<16, 1)
	require.NoError(t, err)
	for i := range b.Bytes() {
		b.Bytes()[i] = 0xFF
	}
	require.NoError(t, buf.Reset())
	return scope.WithAllocator(context.Background(), buf)
}

type (
	celsius float64
	pixel   [3]uint8
	sample  struct {
		At    int64
		Value [2]complex64
		Ok    bool
		Inner struct{ Raw uintptr }
	}
	nothing struct{}
)

// requireMake makes and uses n elements of type T.
func requireMake[T comparable](t *testing.T, n int, one T) {
	t.Run(fmt.Sprintf("%T", one), func(t *testing.T) {
		ctx, zero := dirty(t), *new(T)
		for range 2 { // the second time the type is known
			s := scope.Make[T](ctx, n)
			require.Len(t, s, n)
			require.Equal(t, n, cap(s), "append must reallocate")
			for i := range s {
				require.Equal(t, zero, s[i])
				s[i] = one
			}
			require.Equal(t, one, s[n-1])
		}
	})
}

func TestMake(t *testing.T) {
	requireMake[int8](t, 7, 1)
	requireMake[uint16](t, 9, 1)
	requireMake[float32](t, 100, 1)
	requireMake[float64](t, 1000, 1)
	requireMake[complex128](t, 3, 1i)
	requireMake(t, 5, true)
	requireMake(t, 17, 'x')
	requireMake[uintptr](t, 4, 1)
	requireMake[celsius](t, 33, 36.6)
	requireMake(t, 5, pixel{1, 2, 3})
	requireMake(t, 11, sample{At: 1, Ok: true})
	requireMake(t, 3, [0]*int{})
	requireMake(t, 3, nothing{})
}

func TestMakeNothing(t *testing.T) {
	for _, ctx := range []context.Context{context.Background(), dirty(t), scope.WithAllocator(context.Background(), simple{})} {
		require.NotNil(t, scope.Make[float64](ctx, 0))
		require.Empty(t, scope.Make[float64](ctx, 0))
		require.Len(t, scope.Make[nothing](ctx, 1<<30), 1<<30, "elements without size take no memory")
	}
}

// requireRefused checks that Make and Alloc refuse T, naming it and the field.
func requireRefused[T any](t *testing.T, path string) {
	t.Run(path, func(t *testing.T) {
		want := fmt.Sprintf("scope: element type %T contains a pointer (%s): the garbage collector does not see pointers in a buffer", *new(T), path)
		if any(*new(T)) == nil { // an interface type prints as nil
			want = "scope: element type error contains a pointer (" + path + "): the garbage collector does not see pointers in a buffer"
		}
		for _, ctx := range []context.Context{context.Background(), dirty(t)} {
			require.PanicsWithValue(t, want, func() { scope.Make[T](ctx, 1) })
			require.PanicsWithValue(t, want, func() { _, _, _ = scope.Alloc[T](ctx, 0) })
		}
	})
}

type (
	node   struct{ Next *node }
	named  struct{ Name string }
	deep   struct{ Rows [4][2]struct{ Cell named } }
	hidden struct {
		Count int
		//lint:ignore U1000 its type is what matters
		read func()
	}
)

func TestPointersAreRefused(t *testing.T) {
	requireRefused[*int](t, "*int is a ptr")
	requireRefused[string](t, "string is a string")
	requireRefused[[]byte](t, "[]uint8 is a slice")
	requireRefused[map[int]int](t, "map[int]int is a map")
	requireRefused[chan int](t, "chan int is a chan")
	requireRefused[func()](t, "func() is a func")
	requireRefused[error](t, "error is a interface")
	requireRefused[unsafe.Pointer](t, "unsafe.Pointer is a unsafe.Pointer")
	requireRefused[node](t, "scope_test.node.Next is a ptr")
	requireRefused[named](t, "scope_test.named.Name is a string")
	requireRefused[deep](t, "scope_test.deep.Rows[0][0].Cell.Name is a string")
	requireRefused[hidden](t, "scope_test.hidden.read is a func")
	requireRefused[[2]io.Reader](t, "[2]io.Reader[0] is a interface")
	requireRefused[struct{ Stamp scope.Stamp }](t, "struct { Stamp memory.Stamp }.Stamp.epoch is a ptr")
}

func TestMakeOfAbsurdLengths(t *testing.T) {
	for _, ctx := range []context.Context{context.Background(), dirty(t)} {
		require.PanicsWithValue(t, "scope: length -1 is negative", func() { scope.Make[int8](ctx, -1) })
		for _, n := range []int{math.MaxInt / 4, math.MaxInt/2 + 1, math.MaxInt} {
			_, _, err := scope.Alloc[float64](ctx, n)
			require.ErrorIs(t, err, scope.ErrExhausted)
			require.Panics(t, func() { scope.Make[float64](ctx, n) })
			require.ErrorIs(t, scope.Try(func() error { scope.Make[float64](ctx, n); return nil }), scope.ErrExhausted)
		}
		var e *scope.ExhaustedError
		_, _, err := scope.Alloc[float64](ctx, math.MaxInt/2+1)
		require.ErrorAs(t, err, &e)
		require.Equal(t, ^uintptr(0), e.Requested, "the product overflows")
	}
}

// An allocator that breaks its contract is found out before it can do harm.
func TestLyingAllocator(t *testing.T) {
	for _, a := range []simple{{short: 1}, {shift: 1}, {shift: 2}} {
		ctx := scope.WithAllocator(context.Background(), a)
		func() {
			defer func() {
				v := recover()
				require.Contains(t, v, "scope: allocator broke its contract: block of ")
				require.Contains(t, v, " for 10 elements of size 8, alignment ")
			}()
			scope.Make[float64](ctx, 10)
			t.Fatalf("%+v was not found out", a)
		}()
	}
}

// Blocks of the heap are aligned as asked, also where the sizes that Go allocates are not
// multiples of that, and have all their bytes.
func TestHeapAlignment(t *testing.T) {
	for align := uintptr(128); align <= 4096; align *= 2 {
		for size := uintptr(128); size < 20_000; size += 128 {
			for range 3 {
				b, err := scope.Heap().Alloc(size, align)
				require.NoError(t, err)
				require.Len(t, b.Bytes(), int(size))
				require.Zero(t, reflect.ValueOf(b.Bytes()).Pointer()%align, "size %d, alignment %d", size, align)
			}
		}
	}
}
