package allocarray

import (
	"context"
	"math"
	"slices"
)

// Quantile returns the q-quantile of all elements, 0 ≤ q ≤ 1; NaN if there are none or any
// is NaN. If x is sorted and has n elements, the quantile is that at position (n-1)·q,
// which is interpolated linearly between its neighbours: NumPy's default method, number 7
// of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996. Between infinite
// neighbours that differ, the result is that of the formula, infinite or NaN.
//
// Quantile neither changes a nor needs memory: it takes a few passes over the elements. It
// panics if q is out of range.
func Quantile[T Float](a AllocArray[T], q float64) T { return quantile("Quantile", &a, q) }

// Median returns the middle of all elements in their order, or the mean of the two in the
// middle; NaN if there are none or any is NaN. It is [Quantile] for q = 1/2.
func Median[T Float](a AllocArray[T]) T { return quantile("Median", &a, 0.5) }

func quantile[T Float](op string, a *AllocArray[T], q float64) T {
	moved := a.take(op)
	requireQuantile(op, q)
	w := newWalk(&a.axes)
	v := quantileOf(a.elements(), &w, a.size, q)
	a.recheck(op)
	if moved {
		a.drop(noContext, op)
	}
	return v
}

// QuantileAxis returns the q-quantiles along an axis, with memory from ctx; see [Quantile].
// The result lacks that axis. Negative axes count from the end.
func QuantileAxis[T Float](ctx context.Context, a AllocArray[T], axis int, q float64) AllocArray[T] {
	return quantileAxis(ctx, "QuantileAxis", &a, axis, q)
}

// QuantileAxisInto sets dst to the q-quantiles along an axis; see [QuantileAxis]. It panics
// if dst overlaps a.
func QuantileAxisInto[T Float](dst, a AllocArray[T], axis int, q float64) {
	quantileAxisInto("QuantileAxisInto", &dst, &a, axis, q)
}

// MedianAxis returns the medians along an axis, with memory from ctx; see [Median]. The
// result lacks that axis. Negative axes count from the end.
func MedianAxis[T Float](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return quantileAxis(ctx, "MedianAxis", &a, axis, 0.5)
}

// MedianAxisInto sets dst to the medians along an axis; see [MedianAxis]. It panics if dst
// overlaps a.
func MedianAxisInto[T Float](dst, a AllocArray[T], axis int) {
	quantileAxisInto("MedianAxisInto", &dst, &a, axis, 0.5)
}

func quantileAxis[T Float](ctx context.Context, op string, a *AllocArray[T], axis int, q float64) AllocArray[T] {
	moved := a.take(op)
	requireQuantile(op, q)
	k, rest := a.reduced(op, axis, true)
	dst := allocate[T](ctx, op, rowMajor(op, rest.lengths()))
	a.recheck(op)
	quantileRuns(op, &dst, a, k, q)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

func quantileAxisInto[T Float](op string, dst, a *AllocArray[T], axis int, q float64) {
	requireQuantile(op, q)
	k, moved := checkAxisInto(op, dst, a, axis, true)
	quantileRuns(op, dst, a, k, q)
	if moved {
		a.drop(noContext, op)
	}
}

func quantileRuns[T Float](op string, dst, a *AllocArray[T], axis int, q float64) {
	n := a.shape[axis]
	w := lineWalk(n, a.stride[axis])
	eachAlong(dst, a, axis, func(d *T, from []T) { *d = quantileOf(from, &w, n, q) })
	dst.recheck(op)
	a.recheck(op)
}

func requireQuantile(op string, q float64) {
	if !(q >= 0 && q <= 1) {
		panic(misuse("%s: q is %v, not between 0 and 1", op, q))
	}
}

// quantileOf returns the q-quantile of the n elements of data that w visits.
func quantileOf[T Float](data []T, w *walk, n int, q float64) T {
	if n == 0 {
		return T(math.NaN())
	}
	h := float64(n-1) * q
	k := min(int(h), n-1)
	t := h - float64(k)
	low, high, ok := neighbours(data, w, n, k)
	switch {
	case !ok:
		return T(math.NaN())
	case t == 0 || low == high:
		return low
	}
	// As NumPy has it, from the nearer end: so the result grows with q, and does not
	// leave the interval.
	x, y := float64(low), float64(high)
	if t < 0.5 {
		return T(x + float64((y-x)*t))
	}
	return T(y - float64((y-x)*(1-t)))
}

// neighbours returns the k-th and the next of n elements in ascending order, or twice the
// last; false if there is a NaN. It reads them only: it counts them by their leading
// digits, eight bits at a time, until few enough are left to sort on the stack.
func neighbours[T Float](data []T, w *walk, n, k int) (low, high T, ok bool) {
	var few [shortLine]T
	var mask, prefix uint64 // the elements sought are those whose key has the prefix
	left, rank, shift := n, k, keyBits[T]()
	for left > len(few) && shift > 0 {
		shift -= 8
		var count [256]int
		for ok := true; ok; ok = w.next() {
			for i := range w.run() {
				v := data[w.off[0]+i*w.step(0)]
				if v != v {
					return 0, 0, false
				}
				if key := orderedKey(v); key&mask == prefix {
					count[key>>shift&255]++
				}
			}
		}
		digit := 0
		for digit < 255 && rank >= count[digit] {
			rank -= count[digit]
			digit++
		}
		left = count[digit]
		mask |= 255 << shift
		prefix |= uint64(digit) << shift
	}
	// Of those left, all are equal if there are still many: the prefix is their whole key.
	// The least of those beyond follows the last that is left.
	found, beyond, above := 0, T(0), false
	for ok := true; ok; ok = w.next() {
		for i := range w.run() {
			v := data[w.off[0]+i*w.step(0)]
			if v != v {
				return 0, 0, false
			}
			key := uint64(0)
			if mask != 0 {
				key = orderedKey(v) & mask
			}
			switch {
			case key == prefix && found < len(few):
				few[found] = v
				found++
			case key > prefix && (!above || v < beyond):
				beyond, above = v, true
			}
		}
	}
	slices.Sort(few[:found])
	low = few[min(rank, len(few)-1)]
	switch {
	case rank+1 < left:
		high = few[min(rank+1, len(few)-1)]
	case above:
		high = beyond
	default:
		high = low
	}
	return low, high, true
}

// keyBits returns how many bits a key has.
func keyBits[T Float]() int { return 8 * int(sizeOf[T]()) }

// orderedKey returns the bits of v so that keys compare as the numbers do, -0 before 0:
// negative numbers with all bits inverted, others with the sign bit set.
func orderedKey[T Float](v T) uint64 {
	if keyBits[T]() == 32 {
		bits := math.Float32bits(float32(v))
		return uint64(bits ^ (uint32(int32(bits)>>31) | 1<<31))
	}
	bits := math.Float64bits(float64(v))
	return bits ^ (uint64(int64(bits)>>63) | 1<<63)
}
