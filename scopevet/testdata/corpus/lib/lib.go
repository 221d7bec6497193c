// Package lib is what the programs of the corpus import: functions of another package
// that keep, pass on, copy and scope.
package lib

import (
	"context"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

type Array = allocarray.AllocArray[float64]

var kept [][]float64

func Keep(x []float64) { kept = append(kept, x) }
func Sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}
func Same(x []float64) []float64     { return x }
func Copy(x []float64) []float64     { return slices.Clone(x) }
func First(x, _ []float64) []float64 { return x }

type Box struct {
	Data  []float64
	Array Array
	Note  string
}

func NewBox(x []float64) *Box  { return &Box{Data: x, Note: "box"} }
func (b *Box) Put(x []float64) { b.Data = x }
func (b *Box) Get() []float64  { return b.Data }
func (b *Box) Clear()          { b.Data = nil }
func (b *Box) Total() float64  { return Sum(b.Data) }
func (b *Box) Clone() *Box {
	return &Box{Data: slices.Clone(b.Data), Array: b.Array.Heap(), Note: b.Note}
}

// Store is a cache.
type Store struct{ m map[string][]float64 }

func (s *Store) Put(k string, x []float64)     { s.m[k] = x }
func (s *Store) PutCopy(k string, x []float64) { s.m[k] = append([]float64(nil), x...) }

// Temp allocates and returns memory of ctx.
func Temp(ctx context.Context, n int) []float64 { return scope.Make[float64](ctx, n) }

// Smooth allocates in ctx for itself and returns a number.
func Smooth(ctx context.Context, x []float64) float64 {
	tmp := scope.Make[float64](ctx, len(x))
	copy(tmp, x)
	return Sum(tmp)
}

// Norm returns an array of ctx.
func Norm(ctx context.Context, x Array) Array {
	return allocarray.SubScalar(ctx, x, allocarray.Mean(x))
}

// Scoped runs fn in a scope and returns its result.
func Scoped[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) (err error) {
		v, err = fn(ctx)
		return err
	})
	return v, err
}

// In runs fn in a scope.
func In(ctx context.Context, fn func(context.Context)) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error { fn(ctx); return nil })
}

// Async runs fn in a goroutine and does not wait.
func Async(fn func()) { go fn() }

// Each calls fn for every element.
func Each(x []float64, fn func(float64)) {
	for _, v := range x {
		fn(v)
	}
}

// Visitor is called for each array.
type Visitor interface{ Visit(x []float64) }
