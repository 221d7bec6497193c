package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/scope"
)

// CopyTo copies the elements of a, broadcast to dst's shape, into dst. It panics
// if a does not broadcast to it, or overlaps it other than exactly.
func (a AllocArray[T]) CopyTo(dst AllocArray[T]) {
	a.check("CopyTo")
	dst.checkDst("CopyTo")
	src := AllocArray[T]{data: a.data, layout: layout{rank: dst.rank, shape: dst.shape}}
	if !a.stretch(dst.rank, &dst.shape, &src.stride) {
		panic(misuse("CopyTo: shape %s does not broadcast to %s", shapeText(a.shape[:a.rank]), shapeText(dst.shape[:dst.rank])))
	}
	requireInPlace("CopyTo", &dst, &a)
	copyElements(&dst, &src)
}

// Clone returns a copy, contiguous and with memory from ctx.
func (a AllocArray[T]) Clone(ctx context.Context) AllocArray[T] {
	a.check("Clone")
	var dst AllocArray[T]
	dst.allocateLike(ctx, "Clone", &a.layout, len(a.data))
	copyElements(&dst, &a)
	return dst
}

// Heap returns a copy, contiguous and on the Go heap, that outlives every scope.
func (a AllocArray[T]) Heap() AllocArray[T] {
	a.check("Heap")
	return a.Clone(heapContext)
}

// Fill sets all elements to v. It panics if a is a broadcast view.
func (a AllocArray[T]) Fill(v T) {
	a.checkDst("Fill")
	w := newWalk(a.rank, &a.shape, &a.stride)
	n, step := w.run(), w.step(0)
	for ok := !w.empty(); ok; ok = w.next() {
		run := a.data[w.off[0]:]
		if step == 1 {
			kernel.Fill(run[:n], v)
			continue
		}
		for i := range n {
			run[i*step] = v
		}
	}
}

// checkDst panics if dst must not be written to.
func (a *AllocArray[T]) checkDst(op string) {
	a.check(op)
	a.requireWritable(op)
}

// copyElements copies src to dst, which have the same shape.
func copyElements[T Element](dst, src *AllocArray[T]) {
	w := newWalk(dst.rank, &dst.shape, &dst.stride, &src.stride)
	n, ds, ss := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		d, s := dst.data[w.off[0]:], src.data[w.off[1]:]
		if ds == 1 && ss == 1 {
			copy(d[:n], s[:n])
		} else {
			kernel.CopyStrided(d, ds, s, ss, n)
		}
	}
}

// heapContext carries the Go heap, as every context does that carries nothing.
var heapContext = scope.WithAllocator(context.Background(), scope.Heap())
