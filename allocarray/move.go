package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Move hands the array a to the operation that it is an operand of, which releases it when
// it has finished:
//
//	y := allocarray.Add(ctx, x.Move(), b) // x is stale now, and y may be in its memory
//
// is the same as Add followed by x.Release(ctx), except that an elementwise operation may
// compute in place if the type and the layout of the result are those of a. The results are
// the same bits, and the rules those of [AllocArray.Release]. Where the allocator does not
// take arrays back, Move changes nothing, except in guard mode. Operations that have no
// context, such as Sum and AddInto, release their operand too. Do not use a result beyond the
// scope of ctx: one that was computed in place may live as long as a would have, others do not.
//
// What Move returns is for one operation. Its methods panic, but for those that copy all
// elements: CopyTo, Clone and Heap. An array may be moved and an operand twice, also by
// its views, if the operation only reads it: it must not be the destination as well. If the
// operation panics, the elements may have any value. Move panics if a is stale, and where
// Release would if it is a view.
func (a AllocArray[T]) Move() AllocArray[T] {
	a.check("Move")
	if a.stamp.Releasable() {
		if !a.fresh {
			panic(a.notReleased("Move", scope.ErrPart))
		}
		a.stamp = a.stamp.Moved()
	}
	return a
}

// take is check of an operand, which may have been moved: then it removes the mark of that
// and returns true. The operation calls drop when it has finished.
func (a *AllocArray[T]) take(op string) (moved bool) {
	return !a.usable() && a.takeMoved(op)
}

//go:noinline
func (a *AllocArray[T]) takeMoved(op string) (moved bool) {
	a.stamp, moved = a.stamp.Unmoved()
	a.check(op)
	return moved
}

// noContext is what operations that have no context pass to drop.
var noContext context.Context

// drop releases a moved operand of an operation that has finished and that has the context
// ctx, or noContext. It may have been released as another operand.
//
//go:noinline
func (a *AllocArray[T]) drop(ctx context.Context, op string) {
	if err := scope.ReleaseMoved(ctx, a.elements(), a.stamp); err != nil {
		panic(a.notReleased(op+" of a moved array", err))
	}
}

// moves says which operands of an operation were moved: bit i the i-th.
type moves uint8

// take2 is take of two operands.
//
//go:noinline
func take2[A, B Storage](op string, a *AllocArray[A], b *AllocArray[B]) (m moves) {
	if a.take(op) {
		m = 1
	}
	if b.take(op) {
		m |= 2
	}
	return m
}

// drop2 is drop of those that were moved.
//
//go:noinline
func drop2[A, B Storage](ctx context.Context, op string, m moves, a *AllocArray[A], b *AllocArray[B]) {
	if m&1 != 0 {
		a.drop(ctx, op)
	}
	if m&2 != 0 {
		b.drop(ctx, op)
	}
}

// take3 is take of three operands.
func take3[A, B, C Storage](op string, a *AllocArray[A], b *AllocArray[B], c *AllocArray[C]) (m moves) {
	m = take2(op, a, b)
	if c.take(op) {
		m |= 4
	}
	return m
}

// drop3 is drop2 of three operands.
func drop3[A, B, C Storage](ctx context.Context, op string, m moves, a *AllocArray[A], b *AllocArray[B], c *AllocArray[C]) {
	drop2(ctx, op, m, a, b)
	if m&4 != 0 {
		c.drop(ctx, op)
	}
}

// takeInto is take of an operand of an operation that writes to dst.
func takeInto[T, A Storage](op string, dst *AllocArray[T], a *AllocArray[A]) bool {
	moved := a.take(op)
	if moved {
		requireApart(op, dst, a)
	}
	return moved
}

// takeInto2 is takeInto of two operands.
func takeInto2[T, A, B Storage](op string, dst *AllocArray[T], a *AllocArray[A], b *AllocArray[B]) (m moves) {
	if takeInto(op, dst, a) {
		m = 1
	}
	if takeInto(op, dst, b) {
		m |= 2
	}
	return m
}

// takeInto3 is takeInto of three operands.
func takeInto3[T, A, B, C Storage](op string, dst *AllocArray[T], a *AllocArray[A], b *AllocArray[B], c *AllocArray[C]) (m moves) {
	m = takeInto2(op, dst, a, b)
	if takeInto(op, dst, c) {
		m |= 4
	}
	return m
}

// requireApart panics if dst is the operand a, which was moved, or a view of it.
func requireApart[T, A Storage](op string, dst *AllocArray[T], a *AllocArray[A]) {
	if dst.stamp == a.stamp {
		panic(misuse("%s: the destination of shape %s is the moved operand of shape %s, or a view of it", op,
			shapeText(dst.form().lengths()), shapeText(a.lengths())))
	}
}

// inPlace reports whether an elementwise operation whose result has the layout l, which is
// fresh, can compute it in the memory of its operand a, which was moved.
func inPlace[T Storage](ctx context.Context, l *layout, a *AllocArray[T]) bool {
	return a.layout == l && scope.Reusable(ctx, a.elements(), a.stamp)
}

// keepsApart reports whether b shares no memory with a, or is the same array.
func keepsApart[T, B Storage](a *AllocArray[T], b *AllocArray[B]) bool {
	return a.stamp != b.stamp || a.data == b.data && a.layout == b.layout && sizeOf[T]() == sizeOf[B]()
}

// reuse returns the result that an operation has computed in the memory of a.
func (a *AllocArray[T]) reuse(ctx context.Context, op string) AllocArray[T] {
	stamp, ok := scope.Reuse(ctx, a.elements(), a.stamp)
	if !ok {
		a.recheck(op)
		panic(misuse("%s: the allocator of a %s array changed during the operation", op, a.text()))
	}
	return AllocArray[T]{data: a.data, layout: a.layout, stamp: stamp}
}
