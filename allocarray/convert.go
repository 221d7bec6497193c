package allocarray

import "context"

// Convert returns a's elements as another type, converted as Go does, with memory
// from ctx: Convert[float32](ctx, a).
func Convert[To, From Element](ctx context.Context, a AllocArray[From]) AllocArray[To] {
	a.check("Convert")
	var dst AllocArray[To]
	dst.allocateLike(ctx, "Convert", &a.layout, len(a.data))
	convert(&dst, &a)
	return dst
}

// ConvertInto sets dst to a's elements, converted as Go does. If the types have
// the same size dst may lie exactly where a does.
func ConvertInto[To, From Element](dst AllocArray[To], a AllocArray[From]) {
	checkUnaryInto("ConvertInto", &dst, &a)
	convert(&dst, &a)
}

func convert[To, From Element](dst *AllocArray[To], a *AllocArray[From]) {
	w := newWalk(dst.rank, &dst.shape, &dst.stride, &a.stride)
	for ok := !w.empty(); ok; ok = w.next() {
		convertRun(&w, dst.data[w.off[0]:], a.data[w.off[1]:])
	}
}

func convertRun[To, From Element](w *walk, dst []To, a []From) {
	n, ds, as := w.run(), w.step(0), w.step(1)
	if ds == 1 && as == 1 {
		dst = dst[:n]
		for i, v := range a[:n] {
			dst[i] = To(v)
		}
		return
	}
	for i := range n {
		dst[i*ds] = To(a[i*as])
	}
}
