package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Where returns a where mask is not 0 and b elsewhere, all broadcast to the shape
// of the three, with memory from ctx.
func Where[T Element](ctx context.Context, mask AllocArray[uint8], a, b AllocArray[T]) AllocArray[T] {
	shape := whereShape("Where", &mask, &a, &b)
	dst := uninitialised[T](ctx, "Where", shape.shape[:shape.rank])
	whereRuns(&dst, &mask, &a, &b)
	return dst
}

// WhereInto sets dst to a where mask is not 0 and to b elsewhere, broadcast; dst
// may be a or b.
func WhereInto[T Element](dst AllocArray[T], mask AllocArray[uint8], a, b AllocArray[T]) {
	shape := whereShape("WhereInto", &mask, &a, &b)
	dst.checkDst("WhereInto")
	requireShape("WhereInto", &dst, &shape)
	requireInPlace("WhereInto", &dst, &mask)
	requireInPlace("WhereInto", &dst, &a)
	requireInPlace("WhereInto", &dst, &b)
	whereRuns(&dst, &mask, &a, &b)
}

// whereShape checks the operands and returns the shape that they broadcast to.
func whereShape[T Element](name string, mask *AllocArray[uint8], a, b *AllocArray[T]) (shape AllocArray[T]) {
	mask.check(name)
	a.check(name)
	b.check(name)
	var ab AllocArray[T]
	if !broadcastShape(&ab, a, b) {
		panicBroadcast(name, a.shape[:a.rank], b.shape[:b.rank])
	}
	if !broadcastShape(&shape, mask, &ab) {
		panicBroadcast(name, mask.shape[:mask.rank], ab.shape[:ab.rank])
	}
	return shape
}

// whereRuns selects from a and b, which broadcast to dst's shape as mask does.
func whereRuns[T Element](dst *AllocArray[T], mask *AllocArray[uint8], a, b *AllocArray[T]) {
	sm, sa, sb := stretched(mask, dst), stretched(a, dst), stretched(b, dst)
	w := newWalk(dst.rank, &dst.shape, &dst.stride, &sm, &sa, &sb)
	for ok := !w.empty(); ok; ok = w.next() {
		whereRun(&w, dst.data[w.off[0]:], mask.data[w.off[1]:], a.data[w.off[2]:], b.data[w.off[3]:])
	}
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
