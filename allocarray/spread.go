package allocarray

import (
	"context"
	"math"
)

// Var returns the variance of all elements, Σ(x-mean)²/(n-ddof). With ddof 0 it is that
// of the elements themselves, as NumPy has it; with 1 the unbiased estimate from a sample,
// as PyTorch has it. It is NaN if there are no elements, if any is NaN or infinite, or if
// n and ddof are both 1. Var panics if ddof is negative.
//
// Var computes in float64 with the corrected two-pass algorithm of Chan, Golub and LeVeque
// ("Algorithms for computing the sample variance", 1983, formula 1.7), one element after
// the other in row-major order: so the bits do not depend on the layout, and the relative
// error is about n·2⁻⁵³, however far the mean is from zero.
func Var[T Float](a AllocArray[T], ddof int) T { return T(variance("Var", &a, ddof)) }

// Std returns the standard deviation of all elements, the square root of [Var].
func Std[T Float](a AllocArray[T], ddof int) T { return T(math.Sqrt(variance("Std", &a, ddof))) }

// VarAxis returns the variances along an axis, with memory from ctx; see [Var]. The result
// lacks that axis. Negative axes count from the end.
func VarAxis[T Float](ctx context.Context, a AllocArray[T], axis, ddof int) AllocArray[T] {
	return spreadAxis(ctx, varOf, "VarAxis", &a, axis, ddof)
}

// VarAxisInto sets dst to the variances along an axis; see [VarAxis]. It panics if dst
// overlaps a.
func VarAxisInto[T Float](dst, a AllocArray[T], axis, ddof int) {
	spreadAxisInto(varOf, "VarAxisInto", &dst, &a, axis, ddof)
}

// StdAxis returns the standard deviations along an axis, with memory from ctx; see [Var].
// The result lacks that axis. Negative axes count from the end.
func StdAxis[T Float](ctx context.Context, a AllocArray[T], axis, ddof int) AllocArray[T] {
	return spreadAxis(ctx, stdOf, "StdAxis", &a, axis, ddof)
}

// StdAxisInto sets dst to the standard deviations along an axis; see [StdAxis]. It panics
// if dst overlaps a.
func StdAxisInto[T Float](dst, a AllocArray[T], axis, ddof int) {
	spreadAxisInto(stdOf, "StdAxisInto", &dst, &a, axis, ddof)
}

// Norm returns the Euclidean norm √Σx² of all elements, for a matrix the Frobenius norm;
// 0 if there are none. It is NaN if any is NaN, and overflows only if the norm itself does.
// It computes in float64, one element after the other in row-major order.
func Norm[T Float](a AllocArray[T]) T {
	moved := a.take("Norm")
	w, data := newOrderedWalk(&a.axes), a.elements()
	var s spreads
	s.reset(1)
	for ok := !w.empty(); ok; ok = w.next() {
		addSquares(&s, data[w.off[0]:], w.step(0), w.run(), 0, 1)
	}
	norm := math.Sqrt(s.squares[0])
	if outOfRange(s.squares[0]) {
		norm = scaledNorm(data, &w)
	}
	a.recheck("Norm")
	if moved {
		a.drop(noContext, "Norm")
	}
	return T(norm)
}

// NormAxis returns the Euclidean norms along an axis, with memory from ctx; see [Norm].
// The result lacks that axis. Negative axes count from the end.
func NormAxis[T Float](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return spreadAxis(ctx, normOf, "NormAxis", &a, axis, 0)
}

// NormAxisInto sets dst to the Euclidean norms along an axis; see [NormAxis]. It panics if
// dst overlaps a.
func NormAxisInto[T Float](dst, a AllocArray[T], axis int) {
	spreadAxisInto(normOf, "NormAxisInto", &dst, &a, axis, 0)
}

// A spreading is what is made of the squares along an axis.
type spreading int

const (
	varOf spreading = iota
	stdOf
	normOf
)

// variance returns the variance of all elements.
func variance[T Float](op string, a *AllocArray[T], ddof int) float64 {
	moved := a.take(op)
	requireDdof(op, ddof)
	w, data := newOrderedWalk(&a.axes), a.elements()
	var s spreads
	s.reset(1)
	for ok := !w.empty(); ok; ok = w.next() {
		addSums(&s, data[w.off[0]:], w.step(0), w.run(), 0, 1)
	}
	s.center(1, a.size)
	for ok := !w.empty(); ok; ok = w.next() {
		addSquares(&s, data[w.off[0]:], w.step(0), w.run(), 0, 1)
	}
	a.recheck(op)
	if moved {
		a.drop(noContext, op)
	}
	return s.variance(0, a.size, ddof)
}

func requireDdof(op string, ddof int) {
	if ddof < 0 {
		panic(misuse("%s: ddof %d is negative", op, ddof))
	}
}

func spreadAxis[T Float](ctx context.Context, r spreading, op string, a *AllocArray[T], axis, ddof int) AllocArray[T] {
	moved := a.take(op)
	requireDdof(op, ddof)
	k, rest := a.reduced(op, axis, true)
	dst := allocate[T](ctx, op, rowMajor(op, rest.lengths()))
	a.recheck(op)
	spreadRuns(r, op, &dst, a, k, ddof)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

func spreadAxisInto[T Float](r spreading, op string, dst, a *AllocArray[T], axis, ddof int) {
	requireDdof(op, ddof)
	k, moved := checkAxisInto(op, dst, a, axis, true)
	spreadRuns(r, op, dst, a, k, ddof)
	if moved {
		a.drop(noContext, op)
	}
}

// spreadRuns reduces a along an axis into dst, a block of results at a time if their
// elements are neighbours. Each result adds its elements in their order, so that the
// blocks do not change it.
func spreadRuns[T Float](r spreading, op string, dst, a *AllocArray[T], axis, ddof int) {
	n, step, block := a.shape[axis], a.stride[axis], spreadBlock
	if a.runsAlong(axis) {
		block = 1
	}
	rest := a.without(axis)
	to, data := dst.elements(), a.elements()
	w := newWalk(&dst.axes, &rest.stride)
	ds, as := w.step(0), w.step(1)
	var s spreads
	for ok := !w.empty(); ok; ok = w.next() {
		for i := 0; i < w.run(); i += block {
			count := min(block, w.run()-i)
			from := data[min(w.off[1]+i*as, len(data)):] // there may be nothing along the axis
			s.reset(count)
			if r != normOf {
				addSums(&s, from, step, n, as, count)
				s.center(count, n)
			}
			addSquares(&s, from, step, n, as, count)
			for j := range count {
				to[w.off[0]+(i+j)*ds] = T(spreadOf(r, &s, j, from[min(j*as, len(from)):], step, n, ddof))
			}
		}
	}
	dst.recheck(op)
	a.recheck(op)
}

// spreadOf returns the j-th result of a block, whose n elements lie step apart.
func spreadOf[T Float](r spreading, s *spreads, j int, line []T, step, n, ddof int) float64 {
	switch {
	case r == varOf:
		return s.variance(j, n, ddof)
	case r == stdOf:
		return math.Sqrt(s.variance(j, n, ddof))
	case outOfRange(s.squares[j]):
		w := lineWalk(n, step)
		return scaledNorm(line, &w)
	}
	return math.Sqrt(s.squares[j])
}

// spreadBlock is how many results are computed together. Their state is in the cache.
const spreadBlock = 64

// spreads are the sums of as many lines of elements as a block has results.
type spreads struct {
	mean, sum, squares [spreadBlock]float64 // of x; of x-mean; of (x-mean)²
}

func (s *spreads) reset(count int) {
	clear(s.mean[:count])
	clear(s.sum[:count])
	clear(s.squares[:count])
}

// addSums adds lines of n elements each, step apart, to the means. The lines begin next
// apart.
func addSums[T Float](s *spreads, from []T, step, n, next, count int) {
	if count == 1 { // the same, five times as fast
		sum := s.mean[0]
		for i := range n {
			sum += float64(from[i*step])
		}
		s.mean[0] = sum
		return
	}
	means := s.mean[:count]
	for i := range n {
		row := from[i*step:]
		for j := range means {
			means[j] += float64(row[j*next])
		}
	}
}

// center makes means of the sums.
func (s *spreads) center(count, n int) {
	for j := range count {
		s.mean[j] /= float64(n)
	}
}

// addSquares adds the distances from the mean and their squares; see addSums. The products
// are rounded before they are added, also where the processor could do both at once.
func addSquares[T Float](s *spreads, from []T, step, n, next, count int) {
	if count == 1 {
		mean, sum, squares := s.mean[0], s.sum[0], s.squares[0]
		for i := range n {
			d := float64(from[i*step]) - mean
			sum += d
			squares += float64(d * d)
		}
		s.sum[0], s.squares[0] = sum, squares
		return
	}
	means, sums, squares := s.mean[:count], s.sum[:count], s.squares[:count]
	for i := range n {
		row := from[i*step:]
		for j := range means {
			d := float64(row[j*next]) - means[j]
			sums[j] += d
			squares[j] += float64(d * d)
		}
	}
}

// variance returns the variance of the j-th line. The correction takes out what the
// rounding of the mean has added.
func (s *spreads) variance(j, n, ddof int) float64 {
	correction := float64(s.sum[j]*s.sum[j]) / float64(n)
	return max(s.squares[j]-correction, 0) / float64(max(n-ddof, 0))
}

// outOfRange reports whether squares have overflowed, or may have lost digits to underflow.
func outOfRange(squares float64) bool { return squares < 0x1p-900 || squares > math.MaxFloat64 }

// scaledNorm returns the norm of elements whose squares are too large or too small.
func scaledNorm[T Float](data []T, w *walk) float64 {
	largest := 0.0
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range w.run() {
			largest = max(largest, math.Abs(float64(data[w.off[0]+i*w.step(0)])))
		}
	}
	if largest == 0 || math.IsInf(largest, 0) || math.IsNaN(largest) {
		return largest
	}
	_, exponent := math.Frexp(largest)
	sum := 0.0
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range w.run() {
			x := math.Ldexp(float64(data[w.off[0]+i*w.step(0)]), -exponent)
			sum += float64(x * x)
		}
	}
	return math.Ldexp(math.Sqrt(sum), exponent)
}

// lineWalk is the walk over n elements that lie step apart.
func lineWalk(n, step int) (w walk) {
	w.rank, w.shape[0], w.stride[0][0] = 1, n, step
	return w
}
