package allocarray

import "context"

// Map2 returns fn applied to the elements of a and b, broadcast, in one pass and with
// memory from ctx. The element types may differ. It calls fn in row-major order. Map2
// panics if the shapes do not broadcast, or if fn ends the scope of an operand or of the
// result.
func Map2[R, A, B Element](ctx context.Context, a AllocArray[A], b AllocArray[B], fn func(A, B) R) AllocArray[R] {
	m := take2("Map2", &a, &b)
	dst := allocate[R](ctx, "Map2", together("Map2", a.layout, b.layout))
	a.recheck("Map2")
	b.recheck("Map2")
	map2Runs("Map2", &dst, &a, &b, fn)
	if m != 0 { // not in place: fn may look at them
		drop2(ctx, "Map2", m, &a, &b)
	}
	return dst
}

// Map2Into sets dst to fn applied to the elements of a and b, broadcast; dst may be a or
// b. See [Map2].
func Map2Into[R, A, B Element](dst AllocArray[R], a AllocArray[A], b AllocArray[B], fn func(A, B) R) {
	m := checkInto("Map2Into", &dst, &a, &b)
	map2Runs("Map2Into", &dst, &a, &b, fn)
	if m != 0 {
		drop2(noContext, "Map2Into", m, &a, &b)
	}
}

// Map3 returns fn applied to the elements of a, b and c, broadcast, in one pass and with
// memory from ctx. It is [Map2] for three operands.
func Map3[R, A, B, C Element](ctx context.Context, a AllocArray[A], b AllocArray[B], c AllocArray[C], fn func(A, B, C) R) AllocArray[R] {
	m := take3("Map3", &a, &b, &c)
	shape := broadcast3("Map3", &a, &b, &c)
	dst := allocate[R](ctx, "Map3", rowMajor("Map3", shape.lengths()))
	a.recheck("Map3")
	b.recheck("Map3")
	c.recheck("Map3")
	map3Runs("Map3", &dst, &a, &b, &c, fn)
	if m != 0 {
		drop3(ctx, "Map3", m, &a, &b, &c)
	}
	return dst
}

// Map3Into sets dst to fn applied to the elements of a, b and c, broadcast; dst may be any
// of them. See [Map2].
func Map3Into[R, A, B, C Element](dst AllocArray[R], a AllocArray[A], b AllocArray[B], c AllocArray[C], fn func(A, B, C) R) {
	m := takeInto3("Map3Into", &dst, &a, &b, &c)
	shape := broadcast3("Map3Into", &a, &b, &c)
	dst.checkDst("Map3Into")
	requireShape("Map3Into", &dst.axes, &shape)
	requireInPlace("Map3Into", &dst, &a)
	requireInPlace("Map3Into", &dst, &b)
	requireInPlace("Map3Into", &dst, &c)
	map3Runs("Map3Into", &dst, &a, &b, &c, fn)
	if m != 0 {
		drop3(noContext, "Map3Into", m, &a, &b, &c)
	}
}

// broadcast3 returns the shape to which the operands broadcast.
func broadcast3[A, B, C Element](op string, a *AllocArray[A], b *AllocArray[B], c *AllocArray[C]) (shape axes) {
	var both axes
	both.broadcast(op, &a.axes, &b.axes)
	shape.broadcast(op, &both, &c.axes)
	return shape
}

// map2Runs computes dst from a and b, which broadcast to its shape, by the user's
// function. As in mapRuns, fn gets nothing that was read after it ended a scope, and
// nothing is written then.
func map2Runs[R, A, B Element](op string, dst *AllocArray[R], a *AllocArray[A], b *AllocArray[B], fn func(A, B) R) {
	sa, sb := a.stretched(&dst.axes), b.stretched(&dst.axes)
	to, left, right := dst.elements(), a.elements(), b.elements()
	w := newOrderedWalk(&dst.axes, &sa, &sb)
	n, ds, as, bs := w.run(), w.step(0), w.step(1), w.step(2)
	for ok := !w.empty(); ok; ok = w.next() {
		d, s, t := to[w.off[0]:], left[w.off[1]:], right[w.off[2]:]
		for i := range n {
			x, y := s[i*as], t[i*bs]
			recheckAll(op, dst, a, b)
			v := fn(x, y)
			recheckAll(op, dst, a, b)
			d[i*ds] = v
		}
	}
	recheckAll(op, dst, a, b)
}

// map3Runs is map2Runs for three operands.
func map3Runs[R, A, B, C Element](op string, dst *AllocArray[R], a *AllocArray[A], b *AllocArray[B], c *AllocArray[C], fn func(A, B, C) R) {
	sa, sb, sc := a.stretched(&dst.axes), b.stretched(&dst.axes), c.stretched(&dst.axes)
	to, left, middle, right := dst.elements(), a.elements(), b.elements(), c.elements()
	w := newOrderedWalk(&dst.axes, &sa, &sb, &sc)
	n, ds, as, bs, cs := w.run(), w.step(0), w.step(1), w.step(2), w.step(3)
	for ok := !w.empty(); ok; ok = w.next() {
		d, s, t, u := to[w.off[0]:], left[w.off[1]:], middle[w.off[2]:], right[w.off[3]:]
		for i := range n {
			x, y, z := s[i*as], t[i*bs], u[i*cs]
			recheckAll(op, dst, a, b)
			c.recheck(op)
			v := fn(x, y, z)
			recheckAll(op, dst, a, b)
			c.recheck(op)
			d[i*ds] = v
		}
	}
	recheckAll(op, dst, a, b)
	c.recheck(op)
}
