package allocarray

import "context"

// Concat returns the arrays one after the other along an axis, with memory from
// ctx. They must have the same rank and, in all other axes, the same lengths. It
// panics if no array is given.
func Concat[T Element](ctx context.Context, axis int, arrays ...AllocArray[T]) AllocArray[T] {
	shape, k := concatShape("Concat", axis, arrays)
	dst := uninitialised[T](ctx, "Concat", shape.shape[:shape.rank])
	concat(&dst, k, arrays)
	return dst
}

// ConcatInto sets dst to the arrays one after the other along an axis; dst must
// not overlap them.
func ConcatInto[T Element](dst AllocArray[T], axis int, arrays ...AllocArray[T]) {
	shape, k := concatShape("ConcatInto", axis, arrays)
	dst.checkDst("ConcatInto")
	requireShape("ConcatInto", &dst, &shape)
	for i := range arrays {
		requireDisjoint("ConcatInto", &dst, &arrays[i])
	}
	concat(&dst, k, arrays)
}

// concatShape checks the arrays and returns the shape of the result and the axis,
// counted from the first.
func concatShape[T Element](op string, axis int, arrays []AllocArray[T]) (shape AllocArray[T], k int) {
	if len(arrays) == 0 {
		panic(misuse("%s of no arrays", op))
	}
	shape = AllocArray[T]{layout: layout{rank: arrays[0].rank, shape: arrays[0].shape}}
	k = shape.axis(op, axis)
	shape.shape[k] = 0
	for i := range arrays {
		arrays[i].check(op)
		rest := AllocArray[T]{layout: layout{rank: arrays[i].rank, shape: arrays[i].shape}}
		rest.shape[k] = shape.shape[k]
		if !sameShape(&rest, &shape) {
			panic(misuse("%s: shapes %s and %s do not join along axis %d", op,
				shapeText(arrays[0].shape[:arrays[0].rank]), shapeText(arrays[i].shape[:arrays[i].rank]), axis))
		}
		shape.shape[k] += arrays[i].shape[k]
	}
	return shape, k
}

func concat[T Element](dst *AllocArray[T], axis int, arrays []AllocArray[T]) {
	at := 0
	for i := range arrays {
		part := dst.Slice(axis, at, at+arrays[i].shape[axis])
		copyElements(&part, &arrays[i])
		at += arrays[i].shape[axis]
	}
}
