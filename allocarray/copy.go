package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/scope"
)

// CopyTo copies the elements of a, broadcast, to dst. It panics if a does not
// broadcast to dst's shape, or if the two overlap without being the same array.
func (a AllocArray[T]) CopyTo(dst AllocArray[T]) {
	moved := takeInto("CopyTo", &dst, &a)
	dst.checkDst("CopyTo")
	stride, ok := a.stretch(&dst.axes)
	if !ok {
		panic(misuse("CopyTo: shape %s does not broadcast to %s", shapeText(a.lengths()), shapeText(dst.lengths())))
	}
	requireInPlace("CopyTo", &dst, &a)
	copyRuns("CopyTo", &dst, &a, &stride)
	if moved {
		a.drop(noContext, "CopyTo")
	}
}

// Clone returns a contiguous copy with memory from ctx.
func (a AllocArray[T]) Clone(ctx context.Context) AllocArray[T] { return a.clone(ctx, "Clone") }

// Heap returns a contiguous copy on the Go heap. It outlives every scope.
func (a AllocArray[T]) Heap() AllocArray[T] { return a.clone(heapContext, "Heap") }

// heapContext carries the Go heap, as does every context without an allocator.
var heapContext = scope.WithAllocator(context.Background(), scope.Heap())

func (a AllocArray[T]) clone(ctx context.Context, op string) AllocArray[T] {
	moved := a.take(op)
	dst := allocate[T](ctx, op, a.renewed(op))
	a.recheck(op)
	copyRuns(op, &dst, &a, &a.stride)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

// copyRuns is copyElements as an operation of its own.
func copyRuns[T Storage](op string, dst, src *AllocArray[T], stride *[MaxRank]int) {
	copyElements(dst, src, stride)
	dst.recheck(op)
	src.recheck(op)
}

// copyElements copies src, whose strides along the axes of dst are given, to dst.
func copyElements[T Storage](dst, src *AllocArray[T], stride *[MaxRank]int) {
	copyWalk(&dst.axes, stride, dst.elements(), src.elements())
}

// copyWalk copies the elements of from, whose strides along the axes x of to are given, to
// the latter.
func copyWalk[T Storage](x *axes, stride *[MaxRank]int, to, from []T) {
	w := newWalk(x, stride)
	n, ds, ss := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		d, s := to[w.off[0]:], from[w.off[1]:]
		if ds == 1 && ss == 1 {
			copy(d[:n], s[:n])
		} else {
			kernel.CopyStrided(d, ds, s, ss, n)
		}
	}
}

// Fill sets all elements to v. It panics if elements of a repeat, as in a broadcast
// view.
func (a AllocArray[T]) Fill(v T) {
	a.checkDst("Fill")
	a.fill("Fill", v)
}

func (a AllocArray[T]) fill(op string, v T) {
	a.set(v)
	a.recheck(op)
}

// set sets all elements to v.
func (a AllocArray[T]) set(v T) {
	data := a.elements()
	w := newWalk(&a.axes)
	n, step := w.run(), w.step(0)
	for ok := !w.empty(); ok; ok = w.next() {
		run := data[w.off[0]:]
		if step == 1 {
			kernel.Fill(run[:n], v)
			continue
		}
		for i := range n {
			run[i*step] = v
		}
	}
}
