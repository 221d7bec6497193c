package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Where returns the elements of a where mask is not 0 and those of b elsewhere, with
// memory from ctx. All three broadcast to one shape.
func Where[T Element](ctx context.Context, mask AllocArray[uint8], a, b AllocArray[T]) AllocArray[T] {
	m := take3("Where", &a, &b, &mask)
	shape := whereShape("Where", &mask, &a, &b)
	dst := allocate[T](ctx, "Where", rowMajor("Where", shape.lengths()))
	mask.recheck("Where")
	a.recheck("Where")
	b.recheck("Where")
	whereRuns("Where", &dst, &mask, &a, &b)
	if m != 0 {
		drop3(ctx, "Where", m, &a, &b, &mask)
	}
	return dst
}

// WhereInto sets dst to the elements of a where mask is not 0 and to those of b
// elsewhere, broadcast; dst may be a or b.
func WhereInto[T Element](dst AllocArray[T], mask AllocArray[uint8], a, b AllocArray[T]) {
	m := takeInto3("WhereInto", &dst, &a, &b, &mask)
	shape := whereShape("WhereInto", &mask, &a, &b)
	dst.checkDst("WhereInto")
	requireShape("WhereInto", &dst.axes, &shape)
	requireInPlace("WhereInto", &dst, &mask)
	requireInPlace("WhereInto", &dst, &a)
	requireInPlace("WhereInto", &dst, &b)
	whereRuns("WhereInto", &dst, &mask, &a, &b)
	if m != 0 {
		drop3(noContext, "WhereInto", m, &a, &b, &mask)
	}
}

// whereShape returns the shape to which the operands broadcast.
func whereShape[T Element](op string, mask *AllocArray[uint8], a, b *AllocArray[T]) (shape axes) {
	var both axes
	both.broadcast(op, &a.axes, &b.axes)
	shape.broadcast(op, &mask.axes, &both)
	return shape
}

// whereRuns selects from a and b, which broadcast to the shape of dst, as mask does.
func whereRuns[T Element](op string, dst *AllocArray[T], mask *AllocArray[uint8], a, b *AllocArray[T]) {
	sm, sa, sb := mask.stretched(&dst.axes), a.stretched(&dst.axes), b.stretched(&dst.axes)
	to, choice, x, y := dst.elements(), mask.elements(), a.elements(), b.elements()
	w := newWalk(&dst.axes, &sm, &sa, &sb)
	for ok := !w.empty(); ok; ok = w.next() {
		whereRun(&w, to[w.off[0]:], choice[w.off[1]:], x[w.off[2]:], y[w.off[3]:])
	}
	dst.recheck(op)
	mask.recheck(op)
	a.recheck(op)
	b.recheck(op)
}

func whereRun[T Element](w *walk, dst []T, mask []uint8, a, b []T) {
	n, ds, ms, as, bs := w.run(), w.step(0), w.step(1), w.step(2), w.step(3)
	if ds == 1 && ms == 1 && as == 1 && bs == 1 {
		kernel.Select(dst[:n], mask, a, b)
		return
	}
	for i := range n {
		v := b[i*bs]
		if mask[i*ms] != 0 {
			v = a[i*as]
		}
		dst[i*ds] = v
	}
}
