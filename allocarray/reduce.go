package allocarray

import "github.com/allocarrays/allocarrays-go/internal/kernel"

// Sum returns the sum of all elements; 0 if there are none. Contiguous floats are
// summed in blocks, others one after the other. Integers wrap.
func Sum[T Element](a AllocArray[T]) T { return sum("Sum", &a) }

func sum[T Element](op string, a *AllocArray[T]) T {
	moved := a.take(op)
	var total T
	data := a.elements()
	if a.contiguous {
		total = kernel.Sum(data)
	} else {
		w := newWalk(&a.axes)
		for ok := !w.empty(); ok; ok = w.next() {
			total += sumRun(data[w.off[0]:], w.step(0), w.run())
		}
	}
	a.recheck(op)
	if moved {
		a.drop(noContext, op)
	}
	return total
}

// sumRun returns the sum of n elements that lie step apart.
func sumRun[T Element](run []T, step, n int) (sum T) {
	if step == 1 || n == 1 {
		return kernel.Sum(run[:n])
	}
	for i := range n {
		sum += run[i*step]
	}
	return sum
}

// Mean returns the mean of all elements; NaN if there are none.
func Mean[T Float](a AllocArray[T]) T { return sum("Mean", &a) / T(a.size) }

// Max returns the largest element; NaN if any is NaN. It panics if a is empty.
func Max[T Element](a AllocArray[T]) T { return extreme("Max", kernel.Max, &a) }

// Min returns the smallest element; NaN if any is NaN. It panics if a is empty.
func Min[T Element](a AllocArray[T]) T { return extreme("Min", kernel.Min, &a) }

func extreme[T Element](op string, pick kernel.BinaryOp, a *AllocArray[T]) T {
	moved := a.take(op)
	a.requireElements(op)
	data := a.elements()
	best := data[0]
	w := newWalk(&a.axes)
	for ok := true; ok; ok = w.next() {
		best = pickOf(pick, best, extremeRun(pick, data[w.off[0]:], w.step(0), w.run()))
	}
	a.recheck(op)
	if moved {
		a.drop(noContext, op)
	}
	return best
}

// extremeRun returns the extreme of n ≥ 1 elements that lie step apart.
func extremeRun[T Element](pick kernel.BinaryOp, run []T, step, n int) T {
	switch {
	case (step == 1 || n == 1) && pick == kernel.Max:
		return kernel.MaxOf(run[:n])
	case step == 1 || n == 1:
		return kernel.MinOf(run[:n])
	}
	best := run[0]
	for i := 1; i < n; i++ {
		best = pickOf(pick, best, run[i*step])
	}
	return best
}

// pickOf returns the larger or smaller of x and y; NaN if either is.
func pickOf[T Element](pick kernel.BinaryOp, x, y T) T {
	if pick == kernel.Max {
		return max(x, y)
	}
	return min(x, y)
}

// ArgMax returns the position of the largest element in row-major order: the first
// of several, or the first NaN. It panics if a is empty.
func ArgMax[T Element](a AllocArray[T]) int { return argument("ArgMax", kernel.Max, &a) }

// ArgMin returns the position of the smallest element in row-major order: the first
// of several, or the first NaN. It panics if a is empty.
func ArgMin[T Element](a AllocArray[T]) int { return argument("ArgMin", kernel.Min, &a) }

// argument finds the best position in each run and then among these.
func argument[T Element](op string, pick kernel.BinaryOp, a *AllocArray[T]) int {
	moved := a.take(op)
	a.requireElements(op)
	data := a.elements()
	best, at, begin := data[0], 0, 0
	w := newOrderedWalk(&a.axes)
	for ok := true; ok; ok = w.next() {
		run := data[w.off[0]:]
		i := argumentRun(pick, run, w.step(0), w.run())
		if v := run[i*w.step(0)]; beats(pick, v, best) {
			best, at = v, begin+i
		}
		begin += w.run()
	}
	a.recheck(op)
	if moved {
		a.drop(noContext, op)
	}
	return at
}

// argumentRun returns the position of the extreme of n ≥ 1 elements that lie step
// apart.
func argumentRun[T Element](pick kernel.BinaryOp, run []T, step, n int) (at int) {
	switch {
	case step == 1 && pick == kernel.Max:
		return kernel.ArgMax(run[:n])
	case step == 1:
		return kernel.ArgMin(run[:n])
	}
	for i := 1; i < n; i++ {
		if beats(pick, run[i*step], run[at*step]) {
			at = i
		}
	}
	return at
}

// beats reports whether v is more extreme than best; NaN is the most extreme.
func beats[T Element](pick kernel.BinaryOp, v, best T) bool {
	if v != v || best != best {
		return best == best
	}
	return pick == kernel.Max && v > best || pick == kernel.Min && v < best
}

func (a *AllocArray[T]) requireElements(op string) {
	if a.size == 0 {
		panic(misuse("%s: shape %s has no elements", op, shapeText(a.lengths())))
	}
}

// Dot returns the sum of the products of corresponding elements; 0 if there are
// none. It panics if the shapes differ. How it rounds depends on the layout and on
// the processor.
func Dot[T Element](a, b AllocArray[T]) T {
	m := take2("Dot", &a, &b)
	if !a.sameShape(&b.axes) {
		panic(misuse("Dot: shapes %s and %s differ", shapeText(a.lengths()), shapeText(b.lengths())))
	}
	var sum T
	left, right := a.elements(), b.elements()
	w := newWalk(&a.axes, &b.stride)
	n, as, bs := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		x, y := left[w.off[0]:], right[w.off[1]:]
		if as == 1 && bs == 1 {
			sum += kernel.Dot(x[:n], y[:n])
			continue
		}
		for i := range n {
			sum += x[i*as] * y[i*bs]
		}
	}
	a.recheck("Dot")
	b.recheck("Dot")
	if m != 0 {
		drop2(noContext, "Dot", m, &a, &b)
	}
	return sum
}
