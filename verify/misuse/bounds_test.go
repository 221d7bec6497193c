package misuse_test

import (
	"context"
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// beyond returns the i-th element of s, also if it has no such element.
func beyond[T any](s []T, i int) *T {
	var zero T
	return (*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), i*int(unsafe.Sizeof(zero))))
}

// inScope runs use with n elements in a scope.
func inScope[T any](n int, use func(s []T)) func(*testing.T) error {
	return func(*testing.T) error {
		return scope.NoEscape(bump(), func(ctx context.Context) error {
			use(scope.Make[T](ctx, n))
			return nil
		})
	}
}

var bounds = []mistake{
	{name: "overrun-element", what: "unsafe code writes one element behind a block of 10 float64", promise: inGuardMode,
		message: "guard: write behind a block of 80 bytes allocated atSTACKwhose scope has ended at PLACE",
		program: inScope(10, func(s []float64) { *beyond(s, 10) = 1 })},
	{name: "overrun-element-page", what: "the same behind a block that ends at its page's end", promise: inGuardMode,
		message: "guard: access to byte 64 of a block of 64 bytes allocated atSTACK",
		program: inScope(8, func(s []float64) { *beyond(s, 8) = 1 })},
	{name: "overrun-byte", what: "unsafe code writes one byte behind a block", promise: inGuardMode,
		message: "guard: access to byte 13 of a block of 13 bytes allocated atSTACK",
		program: inScope(13, func(s []byte) { *beyond(s, 13) = 1 })},
	{name: "overrun-read", what: "unsafe code reads a page behind a block", promise: inGuardMode,
		message: "guard: access to byte 4104 of a block of 80 bytes allocated atSTACK",
		program: inScope(10, func(s []float64) { sink += *beyond(s, 513) })},
	{name: "underrun-element", what: "unsafe code writes one element before a block", promise: inGuardMode,
		message: "guard: write before a block of 80 bytes allocated atSTACKwhose scope has ended at PLACE",
		program: inScope(10, func(s []float64) { *beyond(s, -1) = 1 })},
	{name: "underrun-element-page", what: "the same before a block that begins at its page's begin", promise: inGuardMode,
		message: "guard: access to byte -8 of a block of 65536 bytes allocated atSTACK",
		program: inScope(8192, func(s []float64) { *beyond(s, -1) = 1 })},
	{name: "append", what: "append to a slice of a buffer: reallocates on the heap, as the capacity is clipped", promise: construction,
		program: func(t *testing.T) error {
			return scope.NoEscape(bump(), func(ctx context.Context) error {
				a, b := scope.Make[float64](ctx, 1), scope.Make[float64](ctx, 1)
				grown := append(a, 7)
				require.Equal(t, 0.0, b[0], "the neighbour")
				require.NotSame(t, &a[0], &grown[0])
				return nil
			})
		}},
	{name: "index", what: "an index outside an array", promise: always, message: "allocarray: At: index 10 out of range for shape 10",
		program: func(t *testing.T) error {
			return scope.NoEscape(bump(), func(ctx context.Context) error {
				x := allocarray.New[float64](ctx, 10)
				x.At(10)
				return nil
			})
		}},
	{name: "uninitialised", what: "an array of Similar read before it was written: NaN, instead of an earlier scope's data", promise: rightInGuard,
		program: func(t *testing.T) error {
			ctx := bump()
			for range 2 {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					x := allocarray.New[float64](ctx, 10).Similar(ctx)
					require.True(t, math.IsNaN(x.At(0)) && math.IsNaN(allocarray.Sum(x)))
					x.Fill(7)
					return nil
				})
			}
			return nil
		}},
}
