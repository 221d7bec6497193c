package allocarray

import "context"

// Convert returns a with its elements converted to another type, as in
// Convert[float32](ctx, a), with memory from ctx. The conversion is Go's: what a
// float becomes that the integer type cannot hold depends on the processor. To and from
// [Float16] it is that of [Float16Of] and of [Float16.Float32].
func Convert[To, From Storage](ctx context.Context, a AllocArray[From]) AllocArray[To] {
	moved := a.take("Convert")
	dst := allocate[To](ctx, "Convert", a.renewed("Convert"))
	a.recheck("Convert")
	convert("Convert", &dst, &a)
	if moved {
		a.drop(ctx, "Convert")
	}
	return dst
}

// ConvertInto sets dst to the converted elements of a; see [Convert]. If both
// element types have the same size, dst and a may have the same elements in memory.
func ConvertInto[To, From Storage](dst AllocArray[To], a AllocArray[From]) {
	moved := checkUnaryInto("ConvertInto", &dst, &a)
	convert("ConvertInto", &dst, &a)
	if moved {
		a.drop(noContext, "ConvertInto")
	}
}

func convert[To, From Storage](op string, dst *AllocArray[To], a *AllocArray[From]) {
	to, from := dst.elements(), a.elements()
	w := newWalk(&dst.axes, &a.stride)
	for ok := !w.empty(); ok; ok = w.next() {
		convertRun(&w, to[w.off[0]:], from[w.off[1]:])
	}
	dst.recheck(op)
	a.recheck(op)
}

func convertRun[To, From Storage](w *walk, dst []To, a []From) {
	n, ds, as := w.run(), w.step(0), w.step(1)
	if convertHalves(dst, ds, a, as, n) {
		return
	}
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
