package allocarray

import "unsafe"

// requireInPlace panics if writing dst elementwise would change elements of src
// before they are read: if they share elements and are not exactly the same array.
// src broadcasts to dst's shape.
func requireInPlace[T, U Element](op string, dst *AllocArray[T], src *AllocArray[U]) {
	if !rangesMeet(dst, src) {
		return
	}
	full := AllocArray[U]{data: src.data, layout: layout{rank: dst.rank, shape: dst.shape, stride: stretched(src, dst)}}
	if !sameElements(dst, &full) && meet(dst, src) {
		panic(misuse("%s: dst of shape %s overlaps an operand of shape %s; it may only be the very same array",
			op, shapeText(dst.shape[:dst.rank]), shapeText(src.shape[:src.rank])))
	}
}

// requireDisjoint panics if dst and src share an element.
func requireDisjoint[T, U Element](op string, dst *AllocArray[T], src *AllocArray[U]) {
	if rangesMeet(dst, src) && meet(dst, src) {
		panic(misuse("%s: dst of shape %s overlaps an operand of shape %s",
			op, shapeText(dst.shape[:dst.rank]), shapeText(src.shape[:src.rank])))
	}
}

// start and end are the addresses of the first element and behind the last. They
// are compared and never turned back into pointers; both arrays are alive while
// they are, and Go moves no heap object. (Two slices cannot be compared for
// overlap in any other way.)
func start[T Element](a *AllocArray[T]) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(a.data)))
}

func end[T Element](a *AllocArray[T]) uintptr {
	if a.plain {
		return start(a) + uintptr(len(a.data))*sizeOf[T]()
	}
	last := 0
	for i := range a.rank {
		if a.shape[i] == 0 {
			return start(a)
		}
		last += (a.shape[i] - 1) * a.stride[i]
	}
	return start(a) + uintptr(last+1)*sizeOf[T]()
}

func sizeOf[T Element]() uintptr {
	var zero T
	return unsafe.Sizeof(zero)
}

// rangesMeet reports whether the memory from a's first element to its last has
// something in common with b's. That of an empty array has not.
func rangesMeet[T, U Element](a *AllocArray[T], b *AllocArray[U]) bool {
	return max(start(a), start(b)) < min(end(a), end(b))
}

// sameElements reports whether a and b, which have one shape, are the same
// elements in the same order. The stride of an axis of length 1 means nothing.
func sameElements[T, U Element](a *AllocArray[T], b *AllocArray[U]) bool {
	if start(a) != start(b) || sizeOf[T]() != sizeOf[U]() {
		return false
	}
	for i := range a.rank {
		if a.shape[i] > 1 && a.stride[i] != b.stride[i] {
			return false
		}
	}
	return true
}

// meet reports whether a and b share an element, as two columns of one matrix do
// not although their ranges meet. Of elements of different sizes, and where the
// search would be long, it assumes so.
//
// The distance from b's first element to a's is to be a sum of steps backwards in
// a and forwards in b, as many along each axis as that is long.
func meet[T, U Element](a *AllocArray[T], b *AllocArray[U]) bool {
	size, by := int(sizeOf[T]()), int(start(b)-start(a)) // wraps to a negative distance
	if size != int(sizeOf[U]()) || by%size != 0 {
		return true
	}
	var s steps
	for i := range a.rank {
		s.add(a.stride[i], 0, a.shape[i]-1)
	}
	for i := range b.rank {
		s.add(b.stride[i], 1-b.shape[i], 0)
	}
	work := meetWork
	return s.reach(by/size, 0, &work)
}
