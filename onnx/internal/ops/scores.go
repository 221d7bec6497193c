package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A ScoreStep is what a node does to the scores of an attention before their softmax.
type ScoreStep struct {
	Factor float32 // multiplies them, if there is no mask
	Mask   []int   // shape of an input that is added or, if it is of booleans, chooses
	Choose bool    // where Mask is Keep the scores stay, and everywhere else they become Value
	Keep   bool
	Value  float32

	strides []int // of Mask, for the axes of the scores
}

// scores is softmax(q·k)·v, head by head and some queries at a time, so that the scores never are in memory as a whole.
type scores struct {
	batch           []int // axes that count heads
	count           int   // heads
	m, k, n, size   int   // queries, elements of a query, keys, elements of a value
	rows            int   // queries at a time
	queries, values []int // distances of heads, for each axis of batch
	keys            []int
	steps           []ScoreStep
}

// scoreBytes is how much the scores of some queries take, about, that are computed at a time; a product with fewer rows than
// scoreRows takes long to prepare for what it does.
const (
	scoreBytes = 128 << 10
	scoreRows  = 64
)

// Scores returns the kernel that multiplies queries by keys, as MatMul does, takes the steps, the softmax along the keys, and
// multiplies the result by the values. The masks of the steps are inputs 3 and up. It returns the shape of the result
// and the bytes of work memory; ok is false if the shapes do not allow it.
func Scores(q, k, v []int, steps []ScoreStep) (fn Kernel, shape []int, work int, ok bool) {
	if len(q) < 2 || len(k) < 2 || len(v) < 2 {
		return nil, nil, 0, false
	}
	batch, ok := repeated2(q[:len(q)-2], k[:len(k)-2])
	if !ok {
		return nil, nil, 0, false
	}
	s := &scores{batch: batch, count: tensor.Count(batch), m: q[len(q)-2], k: q[len(q)-1], n: k[len(k)-1], size: v[len(v)-1], steps: steps}
	full := append(append([]int{}, batch...), s.m, s.n)
	if all, ok := repeated2(batch, v[:len(v)-2]); !ok || !equal(all, batch) || k[len(k)-2] != s.k || v[len(v)-2] != s.n || tensor.Count(full) == 0 || s.k*s.size == 0 {
		return nil, nil, 0, false
	}
	for i := range steps {
		if mask := steps[i].Mask; mask != nil {
			if all, ok := repeated2(full, mask); !ok || !equal(all, full) {
				return nil, nil, 0, false
			}
			steps[i].strides = broadcastStrides(mask, full)
			if last := steps[i].strides[len(full)-1]; last != 1 && s.n > 1 {
				return nil, nil, 0, false
			}
		}
	}
	distances := func(shape []int) []int { d := matrixStrides(shape, batch); return d[:len(batch)] }
	s.queries, s.keys, s.values = distances(q), distances(k), distances(v)
	s.rows = min(s.m, max(scoreRows, scoreBytes/(4*s.n)))
	per := (s.m + s.rows - 1) / s.rows
	all := func(a *Args, work []float32, from, to int) {
		for i := from; i < to; i++ {
			first := i % per * s.rows
			s.part(a, i/per, first, min(s.rows, s.m-first), work)
		}
	}
	room := 4 * s.rows * s.n
	run := func(a *Args) error {
		a.divide(s.count*per, float64(s.count)*float64(s.m)*float64(s.n)*float64(s.k+s.size), room, all)
		return nil
	}
	return run, append(append([]int{}, batch...), s.m, s.size), room, true
}

// repeated2 returns the shape that two are repeated to.
func repeated2(a, b []int) ([]int, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	shape := append([]int{}, a...)
	for i, d := range b {
		at := len(a) - len(b) + i
		if shape[at] == 1 {
			shape[at] = d
		} else if d != 1 && d != shape[at] {
			return nil, false
		}
	}
	return shape, true
}

// offset returns where the tensor of head i begins.
func (s *scores) offset(i int, strides []int) int {
	at := 0
	for axis := len(s.batch) - 1; axis >= 0; axis-- {
		at += i % s.batch[axis] * strides[axis]
		i /= s.batch[axis]
	}
	return at
}

// part computes some queries of a head.
func (s *scores) part(a *Args, head, from, rows int, work []float32) {
	q, keys := slice[float32](a.In[0])[s.offset(head, s.queries):], slice[float32](a.In[1])[s.offset(head, s.keys):]
	work = work[:rows*s.n]
	product(work, s.n, q[from*s.k:], s.k, 1, keys, s.n, 1, rows, s.k, s.n)
	mask := 3
	for i := range s.steps {
		step := &s.steps[i]
		if step.Mask == nil {
			kernel.BinaryScalar(kernel.Mul, work, work, step.Factor)
			continue
		}
		row := step.strides[len(s.batch)]
		step.apply(work, s.n, a.In[mask], s.offset(head, step.strides)+from*row, row)
		mask++
	}
	kernel.SoftmaxRows(work, work, s.n)
	product(slice[float32](a.Out[0])[(head*s.m+from)*s.size:], s.size, work, s.n, 1, slice[float32](a.In[2])[s.offset(head, s.values):], s.size, 1, rows, s.n, s.size)
}

// apply takes a step with a mask for rows of scores. The first row's mask begins at the element at.
func (step *ScoreStep) apply(scores []float32, n int, mask *tensor.Tensor, at, stride int) {
	for ; len(scores) > 0; scores, at = scores[n:], at+stride {
		row := scores[:n]
		if !step.Choose {
			kernel.Binary(kernel.Add, row, row, slice[float32](mask)[at:at+n])
			continue
		}
		for j, seen := range mask.Data[at : at+n] {
			if (seen != 0) != step.Keep {
				row[j] = step.Value
			}
		}
	}
}
