package allocarray

import (
	"cmp"
	"context"
	"slices"
	"strconv"
)

// Sort returns a with the elements along an axis in ascending order, NaNs last, with memory
// from ctx. Negative axes count from the end. Sorting is fastest along an axis whose
// elements are neighbours in memory, as those of the last axis of a new array are.
func Sort[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return alongAxis(ctx, "Sort", a, axis, sortRuns)
}

// SortInto sets dst to a with the elements along an axis in ascending order; dst may be a.
// See [Sort].
func SortInto[T Element](dst, a AllocArray[T], axis int) {
	alongAxisInto("SortInto", dst, a, axis, sortRuns)
}

func sortRuns[T Element](dst AllocArray[T], axis int) {
	var buf [shortLine]T
	eachLine(&dst, axis, func(line []T, step, n int) {
		switch {
		case step == 1:
			sortContiguous(line[:n])
		case n <= len(buf):
			for i := range n {
				buf[i] = line[i*step]
			}
			sortContiguous(buf[:n])
			for i := range n {
				line[i*step] = buf[i]
			}
		default:
			heapSort(line, step, n, func(x, y T) bool { return compareNaNLast(x, y) < 0 })
		}
	})
}

// shortLine is how many elements, a stride apart, are copied to the stack to be sorted
// there.
const shortLine = 256

// sortContiguous sorts s. Without NaNs, which it puts last, slices.Sort compares with <.
func sortContiguous[T Element](s []T) {
	n := len(s)
	for i := 0; i < n; {
		if s[i] == s[i] {
			i++
			continue
		}
		n--
		s[i], s[n] = s[n], s[i]
	}
	slices.Sort(s[:n])
}

// compareNaNLast orders x and y, NaNs behind all others.
func compareNaNLast[T Element](x, y T) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	case x != x && y != y:
		return 0
	case x != x:
		return 1
	}
	return -1
}

// Argsort returns the indices that sort a along an axis, with memory from ctx: the first of
// each line is that of its smallest element. Equal elements keep their order, and so do
// NaNs, which come last. Negative axes count from the end. [Gather] puts other arrays into
// the same order.
func Argsort[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[int] {
	moved := a.take("Argsort")
	k := a.axis("Argsort", axis)
	dst := allocate[int](ctx, "Argsort", a.renewed("Argsort"))
	a.recheck("Argsort")
	argsortRuns("Argsort", &dst, &a, k)
	if moved {
		a.drop(ctx, "Argsort")
	}
	return dst
}

// ArgsortInto sets dst to the indices that sort a along an axis; see [Argsort]. It panics
// if dst overlaps a.
func ArgsortInto[T Element](dst AllocArray[int], a AllocArray[T], axis int) {
	moved := takeInto("ArgsortInto", &dst, &a)
	dst.checkDst("ArgsortInto")
	k := a.axis("ArgsortInto", axis)
	requireShape("ArgsortInto", &dst.axes, &a.axes)
	requireDisjoint("ArgsortInto", &dst, &a)
	argsortRuns("ArgsortInto", &dst, &a, k)
	if moved {
		a.drop(noContext, "ArgsortInto")
	}
}

func argsortRuns[T Element](op string, dst *AllocArray[int], a *AllocArray[T], axis int) {
	n, ds, as := a.shape[axis], dst.stride[axis], a.stride[axis]
	to, from := dst.without(axis), a.without(axis)
	list, data := dst.elements(), a.elements()
	var buf [shortLine]int
	w := newWalk(&to, &from.stride)
	for ok := dst.size > 0; ok; ok = w.next() {
		for i := range w.run() {
			line, values := list[w.off[0]+i*w.step(0):], data[w.off[1]+i*w.step(1):]
			order := func(i, j int) int { // total: an index differs from all others
				return cmp.Or(compareNaNLast(values[i*as], values[j*as]), cmp.Compare(i, j))
			}
			switch {
			case ds == 1:
				argsortContiguous(line[:n], order)
			case n <= len(buf):
				argsortContiguous(buf[:n], order)
				for i := range n {
					line[i*ds] = buf[i]
				}
			default:
				for i := range n {
					line[i*ds] = i
				}
				heapSort(line, ds, n, func(x, y int) bool { return order(x, y) < 0 })
			}
		}
	}
	dst.recheck(op)
	a.recheck(op)
}

func argsortContiguous(indices []int, order func(i, j int) int) {
	for i := range indices {
		indices[i] = i
	}
	if strconv.IntSize == 32 { // there, what SortFunc is given escapes to the heap
		heapSort(indices, 1, len(indices), func(x, y int) bool { return order(x, y) < 0 })
		return
	}
	slices.SortFunc(indices, order)
}

// eachLine calls fn with the lines of n elements along an axis, each from its first element
// on. The others follow step apart.
func eachLine[T Element](a *AllocArray[T], axis int, fn func(line []T, step, n int)) {
	rest, data := a.without(axis), a.elements()
	w := newWalk(&rest)
	for ok := a.size > 0; ok; ok = w.next() {
		for i := range w.run() {
			fn(data[w.off[0]+i*w.step(0):], a.stride[axis], a.shape[axis])
		}
	}
}

// heapSort sorts n elements that lie step apart, where they are (Williams, "Algorithm 232:
// Heapsort", 1964). The standard library sorts slices without gaps only, or allocates.
func heapSort[T Element](line []T, step, n int, less func(x, y T) bool) {
	for root := n/2 - 1; root >= 0; root-- {
		sift(line, step, root, n, less)
	}
	for last := n - 1; last > 0; last-- {
		line[0], line[last*step] = line[last*step], line[0]
		sift(line, step, 0, last, less)
	}
}

// sift moves the element at root down until none below it is larger.
func sift[T Element](line []T, step, root, n int, less func(x, y T) bool) {
	for {
		child := 2*root + 1
		if child >= n {
			return
		}
		if child+1 < n && less(line[child*step], line[(child+1)*step]) {
			child++
		}
		if !less(line[root*step], line[child*step]) {
			return
		}
		line[root*step], line[child*step] = line[child*step], line[root*step]
		root = child
	}
}
