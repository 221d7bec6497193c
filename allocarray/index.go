package allocarray

// At returns the element at the index, which has one number for each axis. It
// panics if the index is out of range.
func (a AllocArray[T]) At(index ...int) T {
	a.check("At")
	return a.data[a.offset("At", index)]
}

// Set sets the element at the index to v. It panics if the index is out of range,
// or if a is a broadcast view, of which one element stands in several places.
func (a AllocArray[T]) Set(v T, index ...int) {
	a.check("Set")
	a.requireWritable("Set")
	a.data[a.offset("Set", index)] = v
}

// Item returns the element of an array that has just one, of whatever rank.
func (a AllocArray[T]) Item() T {
	a.check("Item")
	if a.size() != 1 {
		panic(misuse("Item: shape %s has not one element", shapeText(a.shape[:a.rank])))
	}
	return a.data[0]
}

// offset returns where in data the element at the index is.
func (a *AllocArray[T]) offset(op string, index []int) int {
	if len(index) != a.rank {
		panic(misuse("%s: %d indices into an array of rank %d", op, len(index), a.rank))
	}
	off := 0
	for i, x := range index {
		if uint(x) >= uint(a.shape[i]) {
			panic(misuse("%s: index %s out of range for shape %s", op, shapeText(index), shapeText(a.shape[:a.rank])))
		}
		off += x * a.stride[i]
	}
	return off
}

// requireWritable panics if elements of a repeat.
func (a *AllocArray[T]) requireWritable(op string) {
	if a.plain {
		return
	}
	for i := range a.rank {
		if a.stride[i] == 0 && a.shape[i] > 1 {
			panic(misuse("%s: cannot write to a broadcast view of shape %s", op, shapeText(a.shape[:a.rank])))
		}
	}
}

// Data returns the elements in row-major order, shared with the array. The slice
// must not be used after the scope of the elements has ended; nothing checks
// that. It panics if the elements do not lie that way: see
// [AllocArray.IsContiguous] and [AllocArray.Clone].
func (a AllocArray[T]) Data() []T {
	if !a.plain || !a.stamp.Live() {
		return a.flat("Data")
	}
	return a.data
}

// flat returns the elements of a contiguous array.
func (a *AllocArray[T]) flat(op string) []T {
	a.check(op)
	if a.plain {
		return a.data
	}
	if !a.packed() {
		panic(misuse("%s: strides %s of shape %s are not contiguous; Clone the view first",
			op, shapeText(a.stride[:a.rank]), shapeText(a.shape[:a.rank])))
	}
	n := a.size()
	return a.data[:n:n]
}

// dot returns the position of an index under strides.
func dot(index []int, stride *[MaxRank]int) (off int) {
	for i, x := range index {
		off += x * stride[i]
	}
	return off
}

// increment advances an index in row-major order.
func increment(index []int, shape *[MaxRank]int) {
	for i := len(index) - 1; i >= 0; i-- {
		if index[i]++; index[i] < shape[i] {
			return
		}
		index[i] = 0
	}
}
