package corpus

import (
	"context"
	"math"
	"runtime"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// beyond returns the i-th element of s, also if it has no such element. The programs
// below have other blocks of the same buffer there.
func beyond[T any](s []T, i int) *T {
	var zero T
	return (*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), i*int(unsafe.Sizeof(zero))))
}

// between runs use with a block of n elements that stands between two others, which
// are to stay zero. If they do, that is luck.
func between[T comparable](n int, use func(s []T)) func(k Kind) error {
	return func(k Kind) error {
		return scope.NoEscape(k.new().ctx, func(ctx context.Context) error {
			before, s, behind := scope.Make[T](ctx, n), scope.Make[T](ctx, n), scope.Make[T](ctx, n)
			use(s)
			var zero T
			for _, other := range [][]T{before, behind} {
				for _, x := range other {
					expect(x == zero, "another block was overwritten")
				}
			}
			return errUnnoticed
		})
	}
}

var bounds = []Program{
	{Name: "overrun-element", What: "unsafe code writes one element behind a block of 10 float64", Pages: true,
		run: between(10, func(s []float64) { *beyond(s, 10) = 1 })},
	{Name: "overrun-element-page", What: "the same behind a block that ends at its page's end", Pages: true,
		run: between(8, func(s []float64) { *beyond(s, 8) = 1 })},
	{Name: "overrun-byte", What: "unsafe code writes one byte behind a block", Pages: true,
		run: between(13, func(s []byte) { *beyond(s, 13) = 1 })},
	{Name: "overrun-read", What: "unsafe code reads a page behind a block", Pages: true,
		run: between(10, func(s []float64) { runtime.KeepAlive(*beyond(s, 513)) })},
	{Name: "underrun-element", What: "unsafe code writes one element before a block", Pages: true,
		run: between(10, func(s []float64) { *beyond(s, -1) = 1 })},
	{Name: "underrun-element-page", What: "the same before a block that begins at its page's begin", Pages: true,
		run: between(8192, func(s []float64) { *beyond(s, -1) = 1 })},
	{Name: "append", What: "append to a slice of a buffer: reallocates on the heap, as the capacity is clipped", run: func(k Kind) error {
		return scope.NoEscape(k.new().ctx, func(ctx context.Context) error {
			a, b := scope.Make[float64](ctx, 1), scope.Make[float64](ctx, 1)
			grown := append(a, 7)
			expect(b[0] == 0 && &a[0] != &grown[0], "the next block was overwritten")
			return nil
		})
	}},
	{Name: "index", What: "an index outside an array", run: func(k Kind) error {
		return scope.NoEscape(k.new().ctx, func(ctx context.Context) error {
			allocarray.New[float64](ctx, 10).At(10)
			return errUnnoticed
		})
	}},
	{Name: "uninitialised", What: "an array of Similar read before it was written shows an earlier scope's data, or NaN", Timing: true, run: func(k Kind) error {
		m := k.new()
		for i := range 100 {
			must(scope.NoEscape(m.ctx, func(ctx context.Context) error {
				x := allocarray.New[float64](ctx, 10).Similar(ctx)
				expect(x.At(0) != 7, "an earlier scope's data was read")
				x.Fill(7)
				if y := x.Similar(ctx).At(0); math.IsNaN(y) {
					return nil
				}
				scope.Make[byte](ctx, 600_000) // to the next slab
				return nil
			}))
			if i%10 == 9 {
				runtime.GC()
			}
		}
		return nil
	}},
}
