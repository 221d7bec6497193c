package allocarray_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// A readSource is an operand that operations read, by its role in the catalogue.
type readSource[T allocarray.Element] struct {
	name string
	size int // bytes
	move func(o *operands[T])
	live func(o *operands[T]) bool
}

func readable() []readSource[float64] {
	type all = operands[float64]
	return []readSource[float64]{
		{"a", side * side * 8, func(o *all) { o.a = o.a.Move() }, func(o *all) bool { return o.a.Live() }},
		{"b", side * side * 8, func(o *all) { o.b = o.b.Move() }, func(o *all) bool { return o.b.Live() }},
		{"mask", side * side, func(o *all) { o.mask = o.mask.Move() }, func(o *all) bool { return o.mask.Live() }},
	}
}

// readingCalls are the calls that read operands which may be moved.
func readingCalls() (calls []call[float64]) {
	for _, c := range elementCalls() {
		switch name, method := strings.CutPrefix(c.name, "AllocArray."); {
		case !method, name == "CopyTo", name == "Clone", name == "Heap":
			calls = append(calls, c)
		}
	}
	return calls
}

// uses reports whether a call reads the source, by making it stale.
func uses(ctx context.Context, c call[float64], s readSource[float64]) bool {
	stale := newOperands[float64](ctx)
	released := *stale
	s.move(&released)
	if s.name == "mask" {
		allocarray.Sum(released.mask)
	} else {
		allocarray.Sum(map[string]allocarray.AllocArray[float64]{"a": released.a, "b": released.b}[s.name])
	}
	return panicOf(func() { c.run(ctx, stale) }) != nil
}

// ran is what a call left behind on a free list.
type ran struct {
	results [][]byte // the blocks that were there before the call and still are, and the new ones
	live    int      // bytes
	peak    int
}

// run makes a call on a free list, of operands that are prepared.
func runOnList(t *testing.T, c call[float64], prepare func(o *operands[float64])) (ran, *operands[float64]) {
	f := trial.NewFreeList()
	ctx := scope.WithAllocator(t.Context(), f)
	o := newOperands[float64](ctx)
	kept := *o
	prepare(o)
	before := f.Live
	f.Peak = f.Live
	c.run(ctx, o)
	return ran{cloneEach(f.Blocks()), f.Live - before, f.Peak - before}, &kept
}

func cloneEach(all [][]byte) [][]byte {
	all = slices.Clone(all)
	for i := range all {
		all[i] = slices.Clone(all[i])
	}
	return all
}

// missing returns the blocks of a that b lacks.
func missing(a, b [][]byte) (all [][]byte) {
	b = slices.Clone(b)
	for _, x := range a {
		i := slices.IndexFunc(b, func(y []byte) bool { return slices.Equal(x, y) })
		if i < 0 {
			all = append(all, x)
		} else {
			b = slices.Delete(b, i, i+1)
		}
	}
	return all
}

// TestMove moves each operand of each operation in turn: it is stale then, its bytes are
// free, and the result has the same bits as without Move.
func TestMove(t *testing.T) {
	inMode(t, guard.Off)
	moved, inPlace := 0, 0
	for _, c := range readingCalls() {
		plain, _ := runOnList(t, c, func(*operands[float64]) {})
		for _, s := range readable() {
			if !uses(scope.WithAllocator(t.Context(), trial.NewFreeList()), c, s) {
				continue
			}
			after, kept := runOnList(t, c, s.move)
			require.False(t, s.live(kept), "%s of moved %s", c.name, s.name)
			require.Equal(t, plain.live-s.size, after.live, "%s of moved %s: bytes", c.name, s.name)
			lost := missing(plain.results, after.results)
			require.Len(t, lost, 1, "%s of moved %s: all but the operand is there, bit by bit", c.name, s.name)
			require.Len(t, lost[0], s.size, "%s of moved %s", c.name, s.name)
			require.Empty(t, missing(after.results, plain.results), "%s of moved %s: and nothing else", c.name, s.name)
			moved++
			if after.peak < plain.peak {
				inPlace++
			}
		}
	}
	require.Greater(t, moved, 100)
	require.Greater(t, inPlace, 30, "some computed in place")
}

// TestMoveIsStale: the same in guard mode, on every allocator.
func TestMoveIsStale(t *testing.T) {
	eachReleasing(t, func(t *testing.T, ctx context.Context) {
		for _, c := range readingCalls() {
			for _, s := range readable() {
				if !uses(ctx, c, s) {
					continue
				}
				o := newOperands[float64](ctx)
				kept := *o
				s.move(o)
				require.True(t, s.live(&kept), "until the operation runs")
				require.False(t, s.live(o))
				c.run(ctx, o)
				require.False(t, s.live(&kept), "%s of moved %s", c.name, s.name)
				require.IsType(t, &scope.StaleError{}, panicOf(func() { c.run(ctx, &kept) }), "%s %s", c.name, s.name)
			}
		}
	})
}

// TestMoveNamesThePlace: a moved array says which operation it was given to.
func TestMoveNamesThePlace(t *testing.T) {
	eachReleasing(t, func(t *testing.T, ctx context.Context) {
		x, y, z := allocarray.Full(ctx, 1.0, 8), allocarray.Full(ctx, 2.0, 8), allocarray.Full(ctx, 2.0, 8)
		sum := allocarray.Add(ctx, x.Move(), y)
		staleAt(t, line()-1, func() { x.At(0) })
		product := allocarray.MatMul(ctx, y.Reshape(1, 8).Move(), z.Reshape(8, 1))
		staleAt(t, line()-1, func() { y.At(0) })
		allocarray.Sum(z.Move())
		staleAt(t, line()-1, func() { z.At(0) })
		require.Equal(t, []float64{24, 32}, []float64{allocarray.Sum(sum), product.Item()})
	})
}

// TestMoveTwice: an array is moved and an operand twice where it is only read.
func TestMoveTwice(t *testing.T) {
	eachReleasing(t, func(t *testing.T, ctx context.Context) {
		matrix := func() allocarray.AllocArray[float64] { return allocarray.Arange[float64](ctx, 9).Reshape(3, 3) }
		x := matrix()
		for name, c := range map[string]struct {
			run  func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64]
			want allocarray.AllocArray[float64]
		}{
			"twice": {func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
				return allocarray.Add(ctx, x.Move(), x.Move())
			}, allocarray.Add(ctx, x, x)},
			"left": {func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
				return allocarray.Mul(ctx, x.Move(), x)
			}, allocarray.Mul(ctx, x, x)},
			"right": {func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
				return allocarray.Sub(ctx, x, x.Move())
			}, allocarray.Sub(ctx, x, x)},
			"by a view": {func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
				return allocarray.Sub(ctx, x.Move(), x.Transpose())
			}, allocarray.Sub(ctx, x, x.Transpose())},
			"by a row": {func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
				return allocarray.Sub(ctx, x.Move(), x.Index(0, 1))
			}, allocarray.Sub(ctx, x, x.Index(0, 1))},
			"product": {func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
				return allocarray.MatMul(ctx, x.Move(), x.Transpose())
			}, allocarray.MatMul(ctx, x, x.Transpose())},
			"joined": {func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
				return allocarray.Concat(ctx, 0, x.Move(), x, x.Move())
			}, allocarray.Concat(ctx, 0, x, x, x)},
		} {
			x := matrix()
			y := c.run(x)
			require.False(t, x.Live(), name)
			require.Equal(t, c.want.Data(), y.Data(), name)
			y.Release(ctx)
		}
	})
}

// TestMoveToItself: the destination of an operation is not its moved operand, nor moved.
func TestMoveToItself(t *testing.T) {
	eachReleasing(t, func(t *testing.T, ctx context.Context) {
		for _, c := range readingCalls() {
			if !strings.HasSuffix(c.name, "Into") && c.name != "AllocArray.CopyTo" {
				continue
			}
			o := newOperands[float64](ctx)
			o.dst, o.flags, o.other, o.tall, o.places = o.dst.Move(), o.flags.Move(), o.other.Move(), o.tall.Move(), o.places.Move()
			o.line, o.order, o.padded = o.line.Move(), o.order.Move(), o.padded.Move()
			if !strings.HasPrefix(c.name, "Softmax") && !strings.HasPrefix(c.name, "LogSoftmax") {
				require.Contains(t, fmt.Sprint(panicOf(func() { c.run(ctx, o) })), "of a moved ", c.name)
			}
			for _, s := range readable() {
				if s.name == "mask" || !uses(ctx, c, s) {
					continue
				}
				o := newOperands[float64](ctx)
				x := map[string]allocarray.AllocArray[float64]{"a": o.a, "b": o.b}[s.name]
				o.dst, o.rows, o.other, o.line = x, x, x, x.Index(0, 0)
				s.move(o)
				v := panicOf(func() { c.run(ctx, o) })
				if v == nil { // the destination is of another type
					continue
				}
				require.Contains(t, fmt.Sprint(v), "moved operand", c.name)
				require.True(t, x.Live(), c.name)
			}
		}
		x := allocarray.New[float64](ctx, 3)
		moved := x.Move()
		for name, fn := range map[string]func(){
			"At": func() { moved.At(0) }, "Set": func() { moved.Set(1, 0) }, "Item": func() { moved.Item() }, "Data": func() { moved.Data() },
			"Fill": func() { moved.Fill(1) }, "Transpose": func() { moved.Transpose() }, "Slice": func() { moved.Slice(0, 0, 1) },
			"Move": func() { moved.Move() }, "Release": func() { moved.Release(ctx) },
		} {
			require.Regexp(t, "^allocarray: "+name+" of a moved 3 float64 array: ", panicOf(fn), name)
		}
		require.Contains(t, moved.String(), "3 float64 array whose scope has been given to an operation")
		require.True(t, x.Live())
		require.Equal(t, []int{3}, moved.Similar(ctx).Shape())
	})
}

// TestMoveInPlace: an elementwise operation computes in the memory of a moved operand only
// if the result is as if it had been allocated with the context.
func TestMoveInPlace(t *testing.T) {
	inMode(t, guard.Off)
	type array = allocarray.AllocArray[float64]
	const n = 1000
	for name, c := range map[string]struct {
		run  func(ctx context.Context, x, y array) any
		more int // bytes that the operation needs beside its operands
	}{
		"unary":        {func(ctx context.Context, x, _ array) any { return allocarray.Exp(ctx, x.Move()) }, 0},
		"unary, kept":  {func(ctx context.Context, x, _ array) any { return allocarray.Exp(ctx, x) }, 8 * n},
		"left":         {func(ctx context.Context, x, y array) any { return allocarray.Sub(ctx, x.Move(), y) }, 0},
		"right":        {func(ctx context.Context, x, y array) any { return allocarray.Sub(ctx, x, y.Move()) }, 0},
		"both":         {func(ctx context.Context, x, y array) any { return allocarray.Sub(ctx, x.Move(), y.Move()) }, 0},
		"binary, kept": {func(ctx context.Context, x, y array) any { return allocarray.Sub(ctx, x, y) }, 8 * n},
		"scalar":       {func(ctx context.Context, x, _ array) any { return allocarray.MulScalar(ctx, x.Move(), 3) }, 0},
		"rows":         {func(ctx context.Context, x, _ array) any { return allocarray.Softmax(ctx, x.Move()) }, 0},
		"grows": {func(ctx context.Context, x, _ array) any {
			return allocarray.Add(ctx, x.Move(), allocarray.Wrap(make([]float64, 2*n), 2, n))
		}, 16 * n},
		"other type": {func(ctx context.Context, x, _ array) any { return allocarray.Convert[float32](ctx, x.Move()) }, 4 * n},
		"mask":       {func(ctx context.Context, x, _ array) any { return allocarray.Less(ctx, x.Move(), x) }, n},
		"turned": {func(ctx context.Context, x, _ array) any {
			y := x.Reshape(10, 100)
			return allocarray.Sub(ctx, y.Move(), y.Reshape(100, 10).Transpose())
		}, 8 * n},
		"reduction": {func(ctx context.Context, x, _ array) any { return allocarray.SumAxis(ctx, x.Move(), 0) }, 8},
		"function": {func(ctx context.Context, x, _ array) any {
			return allocarray.Map(ctx, x.Move(), func(v float64) float64 { return v + x.At(0) })
		}, 8 * n},
		"on the heap": {func(_ context.Context, x, _ array) any { return allocarray.Exp(context.Background(), x.Move()) }, 0},
		"by a wrapper": {func(ctx context.Context, x, _ array) any {
			return allocarray.Exp(scope.WithAllocator(ctx, passing{scope.AllocatorFrom(ctx)}), x.Move())
		}, 8 * n},
		"scope within": {func(ctx context.Context, x, _ array) any {
			return within(ctx, func(ctx context.Context) { allocarray.Exp(ctx, x.Move()) })
		}, 0},
		"scope that ends": {func(ctx context.Context, _, _ array) any {
			return within(ctx, func(in context.Context) { x := allocarray.New[float64](in, n); allocarray.Exp(ctx, x.Move()) })
		}, 8 * n},
	} {
		f := trial.NewFreeList()
		ctx := scope.WithAllocator(t.Context(), f)
		x, y := allocarray.Arange[float64](ctx, n), allocarray.Full(ctx, 2.0, n)
		before := f.Live
		c.run(ctx, x, y)
		require.Equal(t, before+c.more, f.Peak, name)
	}
}

// within runs fn in a scope.
func within(ctx context.Context, fn func(context.Context)) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error { fn(ctx); return nil })
}

// passing is a wrapper that does not know of Release.
type passing struct{ scope.Allocator }

func (p passing) Unwrap() scope.Allocator                  { return p.Allocator }
func (p passing) Rewrap(a scope.Allocator) scope.Allocator { return passing{a} }

// TestMoveAcross: an operand may be of another allocator than the result, which lives as
// long as its own allocator says.
func TestMoveAcross(t *testing.T) {
	inMode(t, guard.Off)
	f := trial.NewFreeList()
	list, slab := scope.WithAllocator(t.Context(), f), scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	for _, ctx := range []context.Context{t.Context(), slab, scope.WithAllocator(t.Context(), trial.NewFreeList())} {
		x := allocarray.Full(list, 2.0, 5)
		y := allocarray.Square(ctx, x.Move())
		require.False(t, x.Live())
		require.Zero(t, f.Live)
		require.Equal(t, 20.0, allocarray.Sum(y))
	}
	x := allocarray.Full(slab, 2.0, 5)
	y := allocarray.Square(list, x.Move())
	require.True(t, x.Live(), "a buffer takes no single array back")
	require.Equal(t, 40, f.Live)
	require.Equal(t, 20.0, allocarray.Sum(y))
}
