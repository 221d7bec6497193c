package allocarray

// At returns the element at an index, which has one number for each axis. It panics
// if the index is out of range.
func (a AllocArray[T]) At(index ...int) T {
	a.check("At")
	v := a.data[a.offset("At", index)]
	a.recheck("At")
	return v
}

// Set sets the element at an index to v. It panics if the index is out of range, or
// if a is a broadcast view.
func (a AllocArray[T]) Set(v T, index ...int) {
	a.checkDst("Set")
	a.data[a.offset("Set", index)] = v
	a.recheck("Set")
}

// Item returns the only element of a. It panics if a does not have exactly one, of
// any rank.
func (a AllocArray[T]) Item() T {
	a.check("Item")
	if a.size() != 1 {
		panic(misuse("Item: shape %s does not have exactly one element", shapeText(a.lengths())))
	}
	v := a.data[0]
	a.recheck("Item")
	return v
}

// offset returns the position in data of the element at an index.
func (a *AllocArray[T]) offset(op string, index []int) int {
	if len(index) != a.rank {
		panic(misuse("%s: %d indices for rank %d", op, len(index), a.rank))
	}
	off := 0
	for i, x := range index {
		if uint(x) >= uint(a.shape[i]) {
			panic(misuse("%s: index %s out of range for shape %s", op, join(index, ", "), shapeText(a.lengths())))
		}
		off += x * a.stride[i]
	}
	return off
}

// requireWritable panics if elements of a repeat.
func (a *AllocArray[T]) requireWritable(op string) {
	if a.contiguous {
		return
	}
	for i := range a.rank {
		if a.stride[i] == 0 && a.shape[i] > 1 {
			panic(misuse("%s: cannot write to a broadcast view of shape %s", op, shapeText(a.lengths())))
		}
	}
}

// Data returns the elements in row-major order. The slice shares them with the array.
// It must not be used after the scope of the elements has ended; nothing checks that.
// Data panics if the array is not contiguous: see [AllocArray.IsContiguous] and
// [AllocArray.Clone].
func (a AllocArray[T]) Data() []T {
	if !a.contiguous || !a.stamp.Live() {
		return a.flat("Data")
	}
	return a.data
}

// flat returns the elements of a contiguous array.
func (a *AllocArray[T]) flat(op string) []T {
	a.check(op)
	if a.contiguous {
		return a.data
	}
	if !a.isContiguous() {
		panic(misuse("%s: the array of shape %s and strides %s is not contiguous; Clone it first",
			op, shapeText(a.lengths()), listText(a.stride[:a.rank])))
	}
	n := a.size()
	return a.data[:n:n]
}
