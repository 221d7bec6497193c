package allocarray

import "unsafe"

// At returns the element at an index, which has one number for each axis. It panics
// if the index is out of range.
func (a AllocArray[T]) At(index ...int) T {
	if a.usable() {
		if off, ok := a.offset(index); ok {
			if v := *a.element(off); a.Live() {
				return v
			}
			a.recheck("At")
		}
	}
	panic(a.refusal("At", index))
}

// Set sets the element at an index to v. It panics if the index is out of range, or
// if elements of a repeat, as in a broadcast view.
func (a AllocArray[T]) Set(v T, index ...int) {
	if a.usable() && !a.repeats {
		if off, ok := a.offset(index); ok {
			if *a.element(off) = v; a.Live() {
				return
			}
			a.recheck("Set")
		}
	}
	a.checkDst("Set")
	panic(a.refusal("Set", index))
}

// Item returns the only element of a. It panics if a does not have exactly one, of
// any rank.
func (a AllocArray[T]) Item() T {
	a.check("Item")
	if a.layout.size != 1 {
		panic(misuse("Item: shape %s does not have exactly one element", shapeText(a.lengths())))
	}
	v := *a.element(0)
	a.recheck("Item")
	return v
}

// element returns the element that is off behind the first, where off is less than the
// span.
func (a AllocArray[T]) element(off int) *T {
	return (*T)(unsafe.Add(a.data, off*int(sizeOf[T]()))) // within the memory of a
}

// offset returns how far an index is behind the first element; false if it is out of
// range. It is less than the span, since each number is less than its length.
func (l *layout) offset(index []int) (off int, ok bool) {
	if len(index) != l.rank {
		return 0, false
	}
	for i, x := range index {
		i &= MaxRank - 1 // i < rank ≤ MaxRank, a power of two
		if uint(x) >= uint(l.shape[i]) {
			return 0, false
		}
		off += x * l.stride[i]
	}
	return off, true
}

// refusal returns the message for an index that is out of range. It panics if a cannot
// be used at all.
func (a AllocArray[T]) refusal(op string, index []int) string {
	a.check(op)
	if len(index) != a.rank {
		return misuse("%s: %d indices for rank %d", op, len(index), a.rank)
	}
	return misuse("%s: index %s out of range for shape %s", op, join(index, ", "), shapeText(a.lengths()))
}

// requireWritable panics if elements of a repeat.
func (a AllocArray[T]) requireWritable(op string) {
	if a.layout.repeats {
		panic(misuse("%s: cannot write to a view of shape %s whose elements repeat", op, shapeText(a.lengths())))
	}
}

// Data returns the elements in row-major order. The slice shares them with the array.
// It must not be used after the scope of the elements has ended; nothing checks that.
// Data panics if the array is not contiguous: see [AllocArray.IsContiguous] and
// [AllocArray.Clone].
func (a AllocArray[T]) Data() []T {
	l := a.layout
	if l == nil || !l.contiguous || !a.stamp.Live() {
		panic(a.gaps("Data"))
	}
	return a.elements()
}

// gaps panics if check does, or returns what to say if the array is not contiguous.
func (a AllocArray[T]) gaps(op string) string {
	a.check(op)
	return misuse("%s: the array of shape %s and strides %s is not contiguous; Clone it first",
		op, shapeText(a.lengths()), listText(a.stride[:a.rank]))
}
