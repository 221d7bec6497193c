package gemm

import "unsafe"

// Product packs so many bytes of B at a time, on the stack: half of the first-level
// cache, where they are used by all rows of A before the next come. A B of few rows
// needs less, which is worth knowing: they are cleared in each call.
const (
	most = 16 << 10
	few  = 2 << 10
)

// Product computes C = A·B for a B that is not worth packing ahead. Element (r, c)
// of B is b[r*rowStride+c*colStride]; A and C are as for [Packed.Mul], and so are
// the panics about sizes. It allocates nothing.
//
// It reports whether it did so. It leaves C alone where there are no micro-kernels
// for this processor, and if the extent of C, from its first to its last element,
// meets that of A or B.
func Product[T Element](c []T, ldc int, a []T, lda, m int, b []T, k, n, rowStride, colStride int) bool {
	if active == generic {
		return false
	}
	checkMatrix(b, k, n, rowStride, colStride)
	checkRows("a", a, lda, m, k)
	checkRows("c", c, ldc, m, n)
	if m == 0 || n == 0 {
		return true
	}
	if k > 0 {
		b = b[:(k-1)*rowStride+(n-1)*colStride+1]
	}
	if c := extent(c, m, ldc, n); overlap(c, extent(a, m, lda, k)) || overlap(c, b) {
		return false
	}
	j := job[T]{p: Packed[T]{n: n}, c: c, ldc: ldc, a: a, lda: lda, m: m}
	if k == 0 {
		j.clear()
		return true
	}
	if w := width[T](active, 1) * sizeOf[T](); k*w <= few {
		var room [few + alignment]byte
		inParts(j, b, k, rowStride, colStride, room[:])
	} else {
		inLarge(j, b, k, rowStride, colStride)
	}
	return true
}

// extent returns the elements from the first of so many rows to the last.
func extent[T Element](x []T, rows, stride, length int) []T { return x[:(rows-1)*stride+length] }

// clear sets C to zero.
func (j *job[T]) clear() {
	for i := range j.m {
		clear(j.c[i*j.ldc:][:j.p.n])
	}
}

// inLarge is inParts with the larger room, which is in no frame but its own.
//
//go:noinline
func inLarge[T Element](j job[T], b []T, k, rowStride, colStride int) {
	var room [most + alignment]byte
	inParts(j, b, k, rowStride, colStride, room[:])
}

// inParts packs one part of one panel after the other into the room, and multiplies
// all rows by it. The job is a copy: through a pointer, the room would escape.
func inParts[T Element](j job[T], b []T, k, rowStride, colStride int, room []byte) {
	w, panel := width[T](active, 1), alignedIn[T](room)
	parts := (k*w + len(panel) - 1) / len(panel)
	depth := ((k+parts-1)/parts + 3) &^ 3 // whole turns of the inner loop
	all, n := j.c, j.p.n
	for at := 0; at < k; at += depth {
		part := min(depth, k-at)
		for col := 0; col < n; col += w {
			cols := min(w, n-col)
			j.p = Packed[T]{panels: panel[: w*part : w*part], k: part, n: cols, width: w, panelCount: 1, kernel: active}
			j.p.fill(b[at*rowStride+col*colStride:], rowStride, colStride)
			j.c = all[col:]
			t := tile{segs: &origin[0], segEnd: 4, segLen: sizeOf[T]() * part, ldc: sizeOf[T]() * j.ldc, add: at > 0}
			j.block(t, &span{segs: 1, skip: at, length: part}, 0, j.m)
		}
	}
}

// alignedIn returns all but alignment bytes of room, from the first multiple of
// alignment on, as elements. They hold no pointers, and are as alive as room is.
func alignedIn[T Element](room []byte) []T {
	skip := -int(uintptr(unsafe.Pointer(&room[0]))) & (alignment - 1)
	return unsafe.Slice((*T)(unsafe.Pointer(&room[skip])), (len(room)-alignment)/sizeOf[T]())
}
