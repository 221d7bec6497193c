package conv

import "github.com/allocarrays/allocarrays-go/internal/gemm"

// TransposedFilters are the weights of a transposed convolution, in which each pixel adds its multiple of the window to
// the output:
//
//	y[n,i,j,o] = bias[o] + Σ weight[c,o,r,s] · x[n,p,q,c]
//
// over all c, p, q, r and s with p·stride + r·dilation = i + before[0], and likewise for q, s and j. The positions of a phase,
// with the same remainder by the stride, are an ordinary convolution with that part of the window that reaches them, turned
// around. TransposedFilters are immutable.
type TransposedFilters struct {
	window          Window
	before          [2]int // lines and columns that are not part of the output
	in, out, groups int
	phases          [2][]phase
	packed          []*gemm.Packed[float32] // for each phase of the lines, of the columns, and each group
	joined          bool                    // for each phase of the lines: those of the columns are side by side
	bias            []float32               // or nil
	weights         int
}

// A phase says which elements of the window reach its positions along an axis.
type phase struct {
	last, every, count int // the last one, the distance to the one before, and how many
	step               int // the distance of the pixels under them
}

// newPhases returns those of an axis.
func newPhases(size, stride, dilation int) []phase {
	list := make([]phase, stride)
	for r := range size {
		p := &list[r*dilation%stride]
		p.every, p.last = r-p.last, r
		p.count++
		p.step = p.every * dilation / stride
	}
	return list
}

// NewTransposedFilters prepares weights of in×(out/groups)×height×width, and a bias of out elements or nil. The weights
// of each output channel are multiplied by its scale, unless that is nil.
func NewTransposedFilters(w Window, before [2]int, in, out, groups int, weights, bias []float32, scale []float64) *TransposedFilters {
	f := &TransposedFilters{window: w, before: before, in: in, out: out, groups: groups, bias: bias, weights: len(weights)}
	for axis := range 2 {
		f.phases[axis] = newPhases(w.Size[axis], w.Stride[axis], w.Dilation[axis])
	}
	// Where windows do not overlap, a pixel's part of a line is contiguous.
	f.joined = groups == 1 && w.Size == w.Stride && w.Dilation == [2]int{1, 1} && before[1] == 0
	each, per := out/groups, in/groups
	at := func(c, o, r, s int) float32 {
		v := weights[((c*each+o%each)*w.Size[0]+r)*w.Size[1]+s]
		if scale != nil {
			v = float32(float64(v) * scale[o])
		}
		return v
	}
	if f.joined {
		for r := range w.Size[0] {
			b, n := make([]float32, in*w.Size[1]*out), w.Size[1]*out
			for i := range b {
				b[i] = at(i/n, i%out, r, i%n/out)
			}
			f.packed = append(f.packed, gemm.Pack(b, in, n, n, 1))
		}
		if bias != nil {
			f.bias = nil
			for range w.Size[1] {
				f.bias = append(f.bias, bias...)
			}
		}
		return f
	}
	for _, p := range f.phases[0] {
		for _, q := range f.phases[1] {
			for g := range groups {
				b := make([]float32, p.count*q.count*per*each)
				for i := range b {
					o, c, s, r := i%each, i/each%per, i/each/per%max(1, q.count), i/each/per/max(1, q.count)
					b[i] = at(g*per+c, g*each+o, p.last-r*p.every, q.last-s*q.every)
				}
				f.packed = append(f.packed, gemm.Pack(b, p.count*q.count*per, each, each, 1))
			}
		}
	}
	return f
}

// under returns the phase of position i of the output along an axis, and the first of the pixels that reach it, which may be
// outside of the image, as others may be.
func (f *TransposedFilters) under(axis, i int) (number, first int) {
	j, stride := i+f.before[axis], f.window.Stride[axis]
	number = j % stride
	return number, (j - f.phases[axis][number].last*f.window.Dilation[axis]) / stride
}

// reach returns the first and the last pixel that positions from ≤ i < to of the output along an axis depend on; the last is
// before the first if they depend on none.
func (f *TransposedFilters) reach(axis, from, to int) (first, last int) {
	first, last = 1<<30, -1<<30
	for i := from; i < to; i++ {
		if number, at := f.under(axis, i); f.phases[axis][number].count > 0 {
			p := &f.phases[axis][number]
			first, last = min(first, at), max(last, at+(p.count-1)*p.step)
		}
	}
	return first, last
}
