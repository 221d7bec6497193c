package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

// A Builder is an array that grows along its first axis in the scope it was made in, for
// results whose length is not known beforehand: the rows that match, the steps until
// something converges. It grows as a scope.Builder does, in place where it can.
//
// Its methods panic with a [*scope.StaleError] after the end of the scope, and when memory
// is exhausted with a [*scope.ExhaustedError]; nothing was added then. A Builder must not be
// copied and is not safe for concurrent use. It is a small object on the Go heap.
type Builder[T Storage] struct {
	elems *scope.Builder[T]
	part  *layout // of what is added at a time
}

// NewBuilder returns an empty Builder of parts of a shape, rows for example, with room for
// capacity of them and memory from ctx. Without a shape the parts are single elements. It
// panics if capacity is negative, if a part has no elements, or if an array of them has
// more than [MaxRank] axes.
func NewBuilder[T Storage](ctx context.Context, capacity int, part ...int) *Builder[T] {
	b := &Builder[T]{part: rowMajor("NewBuilder", part)}
	if b.part.size == 0 {
		panic(misuse("NewBuilder: parts of shape %s have no elements", shapeText(part)))
	}
	room := b.shape(capacity)
	b.elems = scope.NewBuilder[T](ctx, rowMajor("NewBuilder", room.lengths()).size)
	return b
}

// shape returns the shape of n parts.
func (b *Builder[T]) shape(n int) (shape axes) {
	if b.part.rank == MaxRank {
		panic(misuse("NewBuilder: an array of parts of shape %s has more than %d axes", shapeText(b.part.lengths()), MaxRank))
	}
	shape.rank = b.part.rank + 1
	shape.shape[0] = n
	copy(shape.shape[1:], b.part.lengths())
	return shape
}

// Append adds parts, given by their elements in row-major order. It panics if the last part
// is not whole.
func (b *Builder[T]) Append(elements ...T) {
	if len(elements)%b.part.size != 0 {
		panic(misuse("Append: %d elements are no whole parts of shape %s", len(elements), shapeText(b.part.lengths())))
	}
	b.elems.Append(elements...)
}

// AppendArray adds a, which is a part or an array of parts. It panics if a has another
// shape.
func (b *Builder[T]) AppendArray(a AllocArray[T]) {
	const op = "AppendArray"
	moved := a.take(op)
	if !a.sameShape(&b.part.axes) {
		parts := b.shape(0)
		if a.rank == parts.rank {
			parts.shape[0] = a.shape[0]
		}
		if !a.sameShape(&parts) {
			panic(misuse("%s: shape %s is neither a part of shape %s nor an array of such", op, shapeText(a.lengths()), shapeText(b.part.lengths())))
		}
	}
	b.elems.Grow(a.size) // all or nothing
	data := a.elements()
	w := newOrderedWalk(&a.axes)
	for ok := !w.empty(); ok; ok = w.next() {
		run, step := data[w.off[0]:], w.step(0)
		if step == 1 {
			b.elems.Append(run[:w.run()]...)
			continue
		}
		for i := range w.run() {
			b.elems.Append(run[i*step])
		}
	}
	a.recheck(op)
	if moved {
		a.drop(noContext, op)
	}
}

// Len returns the number of parts.
func (b *Builder[T]) Len() int { return b.elems.Len() / b.part.size }

// Array returns the parts, without a copy: n×shape for n parts. It lives as long as the
// scope. The Builder's next Append leaves these parts as they are, but may move its own
// elsewhere: the array then no longer shares memory with it.
func (b *Builder[T]) Array() AllocArray[T] {
	shape := b.shape(b.Len())
	return wrap("Array", b.elems.View(), b.elems.Stamp(), shape.lengths())
}
