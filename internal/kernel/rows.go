package kernel

import "math"

// Rows of float32 are taken in groups of 16 lanes, on every processor: element i belongs to
// lane i%16, each lane has a sum, and the sums are added the first half to the second, and so
// on. No product is fused with a sum. Results therefore have the same bits everywhere.
const group = 16

// A lanes is a group, or the sums of one.
type lanes [group]float32

// sumRun is after how many elements the sums are added to those of the whole row, so that
// rounding errors grow with a fraction of the length only.
const sumRun = 1024

// expConstants are those of exp32, each of them repeated for a group.
var expConstants = func() (c [9][group]float32) {
	for i, v := range []float32{math.Log2E, 0x1.8p23, 0x1.5bba34p-10, 0x1.3cea98p-7, 0x1.c6b754p-5, 0x1.ebf9bcp-3, 0x1.62e42ap-1, 1, -87} {
		for l := range group {
			c[i][l] = v
		}
	}
	return
}()

// exp32 is e^x for x between -87 and 0, with a relative error of at most (4 + 2|x|)·2^-24, and 0
// for less. For NaN it is arbitrary. x/ln 2 = n + f with |f| ≤ 1/2; 2^f is a polynomial, which was
// fitted by weighted least squares to a relative error of 2·2^-24, with terms in pairs; n is added
// to the exponent.
func exp32(x float32) float32 {
	c := &expConstants
	if x < c[8][0] {
		return 0
	}
	f := float32(x * c[0][0])
	n := f + c[1][0]
	f -= n - c[1][0]
	square := float32(f * f)
	high, middle, low := float32(c[2][0]*f)+c[3][0], float32(c[4][0]*f)+c[5][0], float32(c[6][0]*f)+c[7][0]
	p := float32((float32(high*square)+middle)*square) + low
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(n)<<23)
}

// fold combines the lanes.
func (l lanes) fold(op func(x, y float32) float32) float32 {
	for n := group / 2; n > 0; n /= 2 {
		for i := range n {
			l[i] = op(l[i], l[i+n])
		}
	}
	return l[0]
}

// groups calls visit for each group of x, the last one with the filler where x has nothing, and
// the elements that there are.
func groups(x []float32, filler float32, visit func(at, n int, w *lanes)) {
	for at := 0; at < len(x); at += group {
		var w lanes
		n := copy(w[:], x[at:])
		for i := n; i < group; i++ {
			w[i] = filler
		}
		visit(at, n, &w)
	}
}

// A rowSum is the sum of a row under construction.
type rowSum struct{ some, all lanes }

func (s *rowSum) flush() {
	for i := range s.all {
		s.all[i] += s.some[i]
	}
	s.some = lanes{}
}

func (s *rowSum) add(at int, w *lanes) {
	if at%sumRun == 0 {
		s.flush()
	}
	for i := range s.some {
		s.some[i] += w[i]
	}
}

func (s *rowSum) total() float32 {
	s.flush()
	return s.all.fold(func(x, y float32) float32 { return x + y })
}

// largestLoop returns the maximum of a row, or NaN.
func largestLoop(x []float32) float32 {
	var most lanes
	for i := range most {
		most[i] = windowMax.identity()
	}
	groups(x, windowMax.identity(), func(_, _ int, w *lanes) {
		for i, v := range w {
			most[i] = windowMax.combine(most[i], v)
		}
	})
	return most.fold(windowMax.combine)
}

// expSumLoop returns the maximum m of a row and the sum of e^(x-m), which it stores in dst unless
// that is nil.
func expSumLoop(dst, x []float32) (m, total float32) {
	m = largestLoop(x)
	var sum rowSum
	groups(x, windowMax.identity(), func(at, n int, w *lanes) {
		for i, v := range w {
			w[i] = exp32(v - m)
		}
		sum.add(at, w)
		if dst != nil {
			copy(dst[at:at+n], w[:n])
		}
	})
	return m, sum.total()
}

// The vector function takes up to 16 rows together, of so many elements that they stay in
// the first-level cache.
const (
	blockRows     = 16
	blockElements = 4096
)

// softmax32 computes SoftmaxRow for rows of n elements, one after the other.
func softmax32(k isa, dst, src []float32, n int) {
	if len(dst) == 0 {
		return
	}
	if k != generic {
		rows := len(dst) / n
		_ = src[rows*n-1]
		k.run(softmaxRows, &call{dst: address(&dst[0]), src: address(&src[0]), x: address(&expConstants[0][0]), n: n,
			mask: k.partial(n), groupMask: partialGroup(n), count: rows,
			rows: max(1, min(blockRows, blockElements/n)), step: 4 * n, next: 4 * n, floor: windowMax.identity()})
		return
	}
	for ; len(dst) > 0; dst, src = dst[n:], src[n:] {
		m, sum := expSumLoop(dst[:n], src[:n])
		scale := 1/sum + (m - m)
		for i := range dst[:n] {
			dst[i] *= scale
		}
	}
}

// logSoftmax32 computes LogSoftmaxRow.
func logSoftmax32(k isa, dst, src []float32) {
	n := len(dst)
	if n == 0 {
		return
	}
	_ = src[n-1]
	t := call{src: address(&src[0]), x: address(&expConstants[0][0]), n: n, mask: k.partial(n), groupMask: partialGroup(n), floor: windowMax.identity()}
	if k == generic {
		t.floor, t.other = expSumLoop(nil, src[:n])
	} else {
		k.run(expSum, &t)
	}
	m := t.floor
	t.other = float32(math.Log(float64(t.other))) + (m - m)
	if k != generic {
		t.dst = address(&dst[0])
		k.run(subtract, &t)
		return
	}
	for i, v := range src[:n] {
		dst[i] = (v - m) - t.other
	}
}

// NormalizeRows computes dst = (src - mean)/√(variance + eps)·weight + bias for each row, which is as long
// as weight and bias. The variance is the mean of the squares of the distances from the mean.
// dst may be src. A row with NaN or an infinity becomes NaN.
func NormalizeRows(dst, src, weight, bias []float32, eps float32) {
	normalizeOn(active, dst, src, weight, bias, eps)
}

func normalizeOn(k isa, dst, src, weight, bias []float32, eps float32) {
	n := len(weight)
	if len(dst) == 0 || n == 0 {
		return
	}
	rows := len(dst) / n
	_, _ = src[rows*n-1], bias[n-1]
	if k != generic {
		k.run(normalizeRows, &call{dst: address(&dst[0]), src: address(&src[0]), x: address(&weight[0]), y: address(&bias[0]), n: n,
			mask: k.partial(n), groupMask: partialGroup(n), count: rows, step: 4 * n, next: 4 * n, floor: eps, other: float32(n)})
		return
	}
	for r := range rows {
		normalizeLoop(dst[r*n:][:n], src[r*n:][:n], weight, bias, eps)
	}
}

func normalizeLoop(dst, x, weight, bias []float32, eps float32) {
	var sum, squares rowSum
	groups(x, 0, func(at, _ int, w *lanes) { sum.add(at, w) })
	mean := sum.total() / float32(len(x))
	groups(x, mean, func(at, _ int, w *lanes) {
		for i, v := range w {
			w[i] = float32((v - mean) * (v - mean))
		}
		squares.add(at, w)
	})
	scale := 1 / float32(math.Sqrt(float64(squares.total()/float32(len(x))+eps)))
	for i, v := range x {
		dst[i] = float32(float32((v-mean)*scale)*weight[i]) + bias[i]
	}
}
