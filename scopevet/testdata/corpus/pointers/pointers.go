package pointers

import (
	"context"
	"time"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

type point struct{ x, y float64 }
type named struct {
	point
	name string
}
type tree struct{ left, right *tree }
type grid [4]point
type rows [2][]float64
type id uint64
type shared struct{ p unsafe.Pointer }

func badString(ctx context.Context)    { scope.Make[string](ctx, 3) }
func badPointer(ctx context.Context)   { scope.Make[*point](ctx, 3) }
func badSlice(ctx context.Context)     { scope.Make[[]float64](ctx, 3) }
func badStruct(ctx context.Context)    { scope.Make[named](ctx, 3) }
func badTree(ctx context.Context)      { scope.Make[tree](ctx, 3) }
func badArrayType(ctx context.Context) { scope.Make[rows](ctx, 3) }
func badInterface(ctx context.Context) { scope.Make[any](ctx, 3) }
func badError(ctx context.Context)     { scope.Make[error](ctx, 3) }
func badFunc(ctx context.Context)      { scope.Make[func()](ctx, 3) }
func badMap(ctx context.Context)       { scope.Make[map[int]int](ctx, 3) }
func badTime(ctx context.Context)      { scope.Make[time.Time](ctx, 3) }
func badUnsafe(ctx context.Context)    { scope.Make[shared](ctx, 3) }
func badBuilder(ctx context.Context)   { scope.NewBuilder[string](ctx, 3) }

func badAlloc(ctx context.Context) {
	_, _, _ = scope.Alloc[chan int](ctx, 3)
}

func badOffheap(h *offheap.Heap) {
	_, _ = offheap.Make[named](h, 3)
}

func make3[T any](ctx context.Context) []T    { return scope.Make[T](ctx, 3) }
func pairs[K, V any](ctx context.Context) []V { return make3[V](ctx) }
func boxes[T any](ctx context.Context) [][1]T { return scope.Make[[1]T](ctx, 3) }

func badGeneric(ctx context.Context)      { make3[string](ctx) }
func badGenericTwice(ctx context.Context) { pairs[int, *int](ctx) }
func badGenericBox(ctx context.Context)   { boxes[[]int](ctx) }

func badGenericInferred(ctx context.Context, s string) { fill(ctx, s) }

func fill[T any](ctx context.Context, v T) {
	for i, s := 0, scope.Make[T](ctx, 3); i < 3; i++ {
		s[i] = v
	}
}

func badInClosure(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		scope.Make[named](ctx, 3)
		return nil
	})
}

func goodFloat(ctx context.Context)    { scope.Make[float64](ctx, 3) }
func goodStruct(ctx context.Context)   { scope.Make[point](ctx, 3) }
func goodArray(ctx context.Context)    { scope.Make[grid](ctx, 3) }
func goodID(ctx context.Context)       { scope.Make[id](ctx, 3) }
func goodDuration(ctx context.Context) { scope.Make[time.Duration](ctx, 3) }
func goodEmpty(ctx context.Context)    { scope.Make[struct{}](ctx, 3) }
func goodUintptr(ctx context.Context)  { scope.Make[uintptr](ctx, 3) }
func goodComplex(ctx context.Context)  { scope.Make[complex128](ctx, 3) }
func goodNone(ctx context.Context)     { scope.Make[[0]string](ctx, 3) }
func goodGeneric(ctx context.Context)  { make3[int32](ctx) }
func goodPairs(ctx context.Context)    { pairs[string, int](ctx) }
func goodBox(ctx context.Context)      { boxes[point](ctx) }
func goodFill(ctx context.Context)     { fill(ctx, 3.5) }
func goodBuilder(ctx context.Context)  { scope.NewBuilder[byte](ctx, 3) }

func goodConstrained[T ~float32 | ~float64](ctx context.Context) []T { return scope.Make[T](ctx, 3) }
