package allocarray

import "unsafe"

// requireInPlace panics if writing dst element by element could change elements of
// src before they are read, that is, if they share elements without being the same
// array. src broadcasts to the shape of dst.
func requireInPlace[T, U Storage](op string, dst *AllocArray[T], src *AllocArray[U]) {
	if !rangesMeet(dst, src) || dst.data == src.data && dst.layout == src.layout && sizeOf[T]() == sizeOf[U]() {
		return
	}
	if stride := src.stretched(&dst.axes); !sameElements(dst, src, &stride) && meet(dst, src) {
		panic(misuse("%s: dst of shape %s overlaps an operand of shape %s but is not the same array",
			op, shapeText(dst.lengths()), shapeText(src.lengths())))
	}
}

// requireDisjoint panics if dst and src share an element.
func requireDisjoint[T, U Storage](op string, dst *AllocArray[T], src *AllocArray[U]) {
	if rangesMeet(dst, src) && meet(dst, src) {
		panic(misuse("%s: dst of shape %s overlaps an operand of shape %s",
			op, shapeText(dst.lengths()), shapeText(src.lengths())))
	}
}

// start and end are the addresses of the first element and of the byte behind the
// last. They are only compared, never turned back into pointers. Both arrays are in
// use meanwhile, and Go does not move heap objects. There is no other way to compare
// two slices for overlap.
func start[T Storage](a *AllocArray[T]) uintptr { return uintptr(a.data) }

func end[T Storage](a *AllocArray[T]) uintptr { return start(a) + uintptr(a.span)*sizeOf[T]() }

func sizeOf[T Storage]() uintptr {
	var zero T
	return unsafe.Sizeof(zero)
}

// rangesMeet reports whether the memory from the first element of a to its last
// overlaps that of b. The memory of an empty array overlaps nothing.
func rangesMeet[T, U Storage](a *AllocArray[T], b *AllocArray[U]) bool {
	return max(start(a), start(b)) < min(end(a), end(b))
}

// sameElements reports whether b, whose strides along the axes of a are given, has
// the same elements as a in the same order. The stride of an axis of length 1 does
// not matter.
func sameElements[T, U Storage](a *AllocArray[T], b *AllocArray[U], stride *[MaxRank]int) bool {
	if start(a) != start(b) || sizeOf[T]() != sizeOf[U]() {
		return false
	}
	for i := range a.rank {
		if a.shape[i] > 1 && a.stride[i] != stride[i] {
			return false
		}
	}
	return true
}

// meet reports whether a and b share an element. Two columns of one matrix do not,
// although their ranges meet. If the elements differ in size, or if the search would
// take long, meet assumes that they do.
//
// They share one if the distance from the first element of a to that of b is a sum
// of steps forward in a and backward in b, with as many steps along each axis as the
// axis allows.
func meet[T, U Storage](a *AllocArray[T], b *AllocArray[U]) bool {
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

// steps is a set of distances: all sums of strides, where each stride is taken a
// number of times between its least and its most. The strides descend and differ.
type steps struct {
	n           int
	stride      [2 * MaxRank]int
	least, most [2 * MaxRank]int
}

// meetWork bounds the search of [steps.reach]. Views of one array by slices, steps
// and permutations need about ten. Only reshaped ones with interleaved strides can
// need many: for them the problem is as hard as bounded subset sum.
const meetWork = 1000

// add adds a stride to the set unless it is 0 or taken 0 times.
func (s *steps) add(stride, least, most int) {
	if stride == 0 || least == most {
		return
	}
	at := 0
	for at < s.n && s.stride[at] > stride {
		at++
	}
	if at == s.n || s.stride[at] != stride {
		s.insert(at, stride)
	}
	s.least[at] += least
	s.most[at] += most
}

func (s *steps) insert(at, stride int) {
	copy(s.stride[at+1:], s.stride[at:s.n])
	copy(s.least[at+1:], s.least[at:s.n])
	copy(s.most[at+1:], s.most[at:s.n])
	s.stride[at], s.least[at], s.most[at] = stride, 0, 0
	s.n++
}

// reach reports whether d is a sum of the strides from the i-th on. It also reports
// true when work runs out. The strides after the i-th usually reach about as far as
// one step of it, which leaves two or three numbers of steps to try.
func (s *steps) reach(d, i int, work *int) bool {
	if *work--; *work < 0 || i == s.n {
		return *work < 0 || d == 0
	}
	low, high := s.rest(i + 1)
	stride := s.stride[i]
	for k := max(s.least[i], (d-high)/stride-1); k <= min(s.most[i], (d-low)/stride+1); k++ {
		if left := d - k*stride; left >= low && left <= high && s.reach(left, i+1, work) {
			return true
		}
	}
	return false
}

// rest returns the least and the greatest sum of the strides from the i-th on.
func (s *steps) rest(i int) (low, high int) {
	for ; i < s.n; i++ {
		low += s.least[i] * s.stride[i]
		high += s.most[i] * s.stride[i]
	}
	return low, high
}
