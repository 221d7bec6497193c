package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// CumSum returns the cumulative sums along an axis, with memory from ctx: element i is the
// sum of the elements up to i, itself included, added in their order. Integers wrap.
// Negative axes count from the end.
func CumSum[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return alongAxis(ctx, "CumSum", a, axis, cumSumRuns)
}

// CumSumInto sets dst to the cumulative sums of a along an axis; dst may be a. See
// [CumSum].
func CumSumInto[T Element](dst, a AllocArray[T], axis int) {
	alongAxisInto("CumSumInto", dst, a, axis, cumSumRuns)
}

// cumSumRuns adds along the axis, or whole runs across it, as sumRuns does.
func cumSumRuns[T Element](dst AllocArray[T], axis int) {
	n, step, rest := dst.shape[axis], dst.stride[axis], dst.without(axis)
	data, along := dst.elements(), dst.runsAlong(axis)
	w := newWalk(&rest)
	for ok := dst.size > 0; ok; ok = w.next() {
		if along {
			for i := range w.run() {
				cumulate(data[w.off[0]+i*w.step(0):], step, n)
			}
			continue
		}
		for i := 1; i < n; i++ {
			last, next := data[w.off[0]+(i-1)*step:], data[w.off[0]+i*step:]
			kernel.BinaryStrided(kernel.Add, next, w.step(0), last, w.step(0), next, w.step(0), w.run())
		}
	}
}

// cumulate adds up n elements that lie step apart, where they are.
func cumulate[T Element](line []T, step, n int) {
	sum := line[0]
	for i := 1; i < n; i++ {
		sum += line[i*step]
		line[i*step] = sum
	}
}
