package gemm

import "unsafe"

// Product packs so many bytes of an operand at a time, on the stack: half of the
// first-level cache, where they are used to the end before the next come. A B of few
// rows needs less, which is worth knowing: they are cleared in each call.
const (
	roomSize      = 16 << 10
	smallRoomSize = 2 << 10
)

// A Matrix is an operand of [Product], of any strides: element (r, c) is
// Data[r*Row+c*Col].
type Matrix[T Element] struct {
	Data     []T
	Row, Col int
}

// Product computes C = A·B, of m × k and k × n elements, for a B that is not worth
// packing ahead. C is as for [Packed.Mul], and so are the panics about sizes. It
// allocates nothing.
//
// It reports whether it did so. It leaves C alone where there are no micro-kernels
// for this processor, and if the extent of C, from its first to its last element,
// meets that of A or B.
func Product[T Element](c []T, ldc int, a, b Matrix[T], m, k, n int) bool {
	if active == generic {
		return false
	}
	checkMatrix(a.Data, m, k, a.Row, a.Col)
	checkMatrix(b.Data, k, n, b.Row, b.Col)
	checkRows("c", c, ldc, m, n)
	if m == 0 || n == 0 {
		return true
	}
	c = c[:(m-1)*ldc+n]
	if overlap(c, a.extent(m, k)) || overlap(c, b.extent(k, n)) {
		return false
	}
	switch w := width[T](active, 1) * sizeOf[T](); {
	case k == 0:
		clearRows(c, ldc, n)
	case a.Col != 1 && k > 1:
		inGathered(c, ldc, a, b, m, k, n)
	case k*w <= smallRoomSize:
		var room [smallRoomSize + alignment]byte
		inParts(c, ldc, a, b, m, k, n, nil, alignedIn[T](room[:]))
	default:
		inLarge(c, ldc, a, b, m, k, n)
	}
	return true
}

// extent returns the elements from the first to the last; none if there is none.
func (x *Matrix[T]) extent(rows, cols int) []T {
	if rows == 0 || cols == 0 {
		return nil
	}
	return x.Data[:(rows-1)*x.Row+(cols-1)*x.Col+1]
}

// clearRows sets all rows to zero.
func clearRows[T Element](c []T, ldc, n int) {
	for ; len(c) > n; c = c[ldc:] {
		clear(c[:n])
	}
	clear(c)
}

// inLarge is inParts with the larger room, which is in no frame but its own.
//
//go:noinline
func inLarge[T Element](c []T, ldc int, a, b Matrix[T], m, k, n int) {
	var room [roomSize + alignment]byte
	inParts(c, ldc, a, b, m, k, n, nil, alignedIn[T](room[:]))
}

// inGathered is inParts for an A whose rows are not contiguous, with room to gather
// parts of some.
//
//go:noinline
func inGathered[T Element](c []T, ldc int, a, b Matrix[T], m, k, n int) {
	var room, rows [roomSize + alignment]byte
	inParts(c, ldc, a, b, m, k, n, alignedIn[T](rows[:]), alignedIn[T](room[:]))
}

// inParts cuts K into parts, of which the room holds a panel's, and multiplies one
// after the other.
func inParts[T Element](c []T, ldc int, a, b Matrix[T], m, k, n int, rows, room []T) {
	w := width[T](active, 1)
	parts := (k*w + len(room) - 1) / len(room)
	depth := ((k+parts-1)/parts + 3) &^ 3 // whole turns of the inner loop
	for at := 0; at < k; at += depth {
		p := part[T]{c: c, ldc: ldc, m: m, n: n, depth: min(depth, k-at), width: w, add: at > 0}
		if rows == nil {
			p.multiply(a.Data[at:], a.Row, b.from(at, 0), room)
		} else {
			p.gather(a.from(0, at), b.from(at, 0), rows, room)
		}
	}
}

// from returns the matrix without the rows and columns before an element.
func (x *Matrix[T]) from(row, col int) Matrix[T] {
	return Matrix[T]{x.Data[row*x.Row+col*x.Col:], x.Row, x.Col}
}

// alignedIn returns all but alignment bytes of room, from the first multiple of
// alignment on, as elements. They hold no pointers, and are as alive as room is.
func alignedIn[T Element](room []byte) []T {
	skip := -int(uintptr(unsafe.Pointer(&room[0]))) & (alignment - 1)
	return unsafe.Slice((*T)(unsafe.Pointer(&room[skip])), (len(room)-alignment)/sizeOf[T]())
}
