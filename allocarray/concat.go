package allocarray

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Concat joins arrays along an axis, with memory from ctx. The arrays must have the
// same rank and, along the other axes, the same lengths. Negative axes count from
// the end. Concat panics if no arrays are given.
func Concat[T Element](ctx context.Context, axis int, arrays ...AllocArray[T]) AllocArray[T] {
	arrays, moved := takeEach("Concat", arrays)
	shape, k := concatShape("Concat", axis, arrays)
	dst := allocate[T](ctx, "Concat", rowMajor("Concat", shape.lengths()))
	recheckEach("Concat", arrays)
	concat("Concat", &dst, k, arrays)
	dropEach(ctx, "Concat", moved)
	return dst
}

// ConcatInto sets dst to the arrays joined along an axis; see [Concat]. It panics if
// dst overlaps one of the arrays.
func ConcatInto[T Element](dst AllocArray[T], axis int, arrays ...AllocArray[T]) {
	arrays, moved := takeEach("ConcatInto", arrays)
	for i := range moved {
		requireApart("ConcatInto", &dst, &moved[i])
	}
	shape, k := concatShape("ConcatInto", axis, arrays)
	dst.checkDst("ConcatInto")
	requireShape("ConcatInto", &dst.axes, &shape)
	for i := range arrays {
		requireDisjoint("ConcatInto", &dst, &arrays[i])
	}
	concat("ConcatInto", &dst, k, arrays)
	dropEach(noContext, "ConcatInto", moved)
}

// takeEach is take of all arrays. It returns them, and those that were moved. It does not
// change the slice, which may be the caller's.
func takeEach[T Element](op string, arrays []AllocArray[T]) (all, moved []AllocArray[T]) {
	usable := true
	for i := range arrays {
		usable = usable && arrays[i].usable()
	}
	if usable {
		return arrays, nil
	}
	all = slices.Clone(arrays)
	for i := range all {
		if all[i].take(op) {
			moved = append(moved, all[i])
		}
	}
	return all, moved
}

// dropEach is drop of arrays that were moved.
func dropEach[T Element](ctx context.Context, op string, moved []AllocArray[T]) {
	for i := range moved {
		moved[i].drop(ctx, op)
	}
}

// concatShape checks the arrays. It returns the shape of the result and the axis as
// counted from the first.
func concatShape[T Element](op string, axis int, arrays []AllocArray[T]) (shape axes, k int) {
	if len(arrays) == 0 {
		panic(misuse("%s: no arrays", op))
	}
	arrays[0].check(op)
	first := arrays[0].layout
	shape.rank, shape.shape = first.rank, first.shape
	k = first.axis(op, axis)
	shape.shape[k] = 0
	for i := range arrays {
		a := &arrays[i]
		a.check(op)
		other := axes{rank: a.rank, shape: a.shape}
		other.shape[k] = shape.shape[k]
		if !shape.sameShape(&other) {
			panic(misuse("%s: shapes %s and %s do not join along axis %d", op, shapeText(first.lengths()), shapeText(a.lengths()), axis))
		}
		if shape.shape[k] += a.shape[k]; shape.shape[k] < 0 { // of arrays without elements
			panic(&scope.ExhaustedError{Allocator: fmt.Sprintf("allocarray: %s: length of axis %d", op, axis), Requested: ^uintptr(0)})
		}
	}
	return shape, k
}

func concat[T Element](op string, dst *AllocArray[T], axis int, arrays []AllocArray[T]) {
	at := 0
	for i := range arrays {
		n := arrays[i].shape[axis]
		part := dst.slice(op, axis, at, at+n, 1)
		copyElements(&part, &arrays[i], &arrays[i].stride)
		at += n
	}
	dst.recheck(op)
	recheckEach(op, arrays)
}

func recheckEach[T Element](op string, arrays []AllocArray[T]) {
	for i := range arrays {
		arrays[i].recheck(op)
	}
}
