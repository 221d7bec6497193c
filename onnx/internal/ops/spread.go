package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// A spreading is a transposed convolution whose windows lie side by side: each pixel of the input is the only one that reaches
// the pixels of its window. It is one product, of which each row has the pixels of a window line by line, and these are then
// put where they belong.
type spreading struct {
	packed     *gemm.Packed[float32]
	bias       []float32 // for each pixel of a window; nil for none
	act        gemm.Activation
	chain      *Chain
	lines      int    // of the input, of all images
	width      int    // of a line, in pixels
	in, out    int    // channels
	size       [2]int // of a window
	atATime    int    // lines
	multiplies float64
}

// spreadBytes is about how large the product of some lines is.
const spreadBytes = 64 << 10

// isSpreading reports whether windows lie side by side, and cover the output.
func (v *convolution) isSpreading() bool {
	for i, d := range v.in {
		if v.stride[i] != v.size[i] || v.dilation[i] != 1 && v.size[i] > 1 || v.before[i] != 0 || v.out[i] != d*v.size[i] {
			return false
		}
	}
	return v.groups == 1
}

// spread is the kernel of a [ConvTransposeHead] for v, of two axes, that isSpreading.
func (v *convolution) spread(c *Call, h *Head, chain *Chain) (Kernel, int) {
	in, out, area := v.inGroup, v.outGroup, v.size[0]*v.size[1]
	s := &spreading{lines: v.batch * v.in[0], width: v.in[1], in: in, out: out, size: [2]int{v.size[0], v.size[1]}}
	n := area * out
	bias, key := make([]float32, out), h.key
	for i, b := range h.shift {
		bias[i] = float32(b)
	}
	if chain.takeReLU() {
		s.act = gemm.ReLU
	}
	if s.act == gemm.None && chain.lead(bias) {
		bias = nil
	}
	s.packed = c.Once(key+" spread", func() any {
		y := slice[float32](c.In[1].Tensor)
		w := make([]float32, in*n)
		for ch := range in {
			for o := range out {
				for k := range area {
					w[ch*n+k*out+o] = float32(float64(y[(ch*out+o)*area+k]) * h.scale[o])
				}
			}
		}
		return gemm.Pack(w, in, n, n, 1)
	}).(*gemm.Packed[float32])
	if bias != nil {
		s.bias = repeated(bias, n)
	}
	s.atATime = min(s.lines, max(1, spreadBytes/(4*s.width*n)))
	s.multiplies = float64(s.lines) * float64(s.width) * float64(in+perElement) * float64(n)
	work := 4 * s.atATime * s.width * n
	if chain != nil {
		if more := chain.Close(1); chain.Len() > 0 {
			s.chain = chain
			work += more
		}
	}
	units := (s.lines + s.atATime - 1) / s.atATime
	part := s.part
	return func(a *Args) error {
		a.divide(units, s.multiplies, work, part)
		return nil
	}, work
}

// part computes units of some lines.
func (s *spreading) part(a *Args, work []float32, from, to int) {
	n := s.size[0] * s.size[1] * s.out
	dst, x := slice[float32](a.Out[0]), slice[float32](a.In[0])
	result, work := work[:s.atATime*s.width*n], work[s.atATime*s.width*n:]
	for line := from * s.atATime; line < min(to*s.atATime, s.lines); line += s.atATime {
		some := min(s.atATime, s.lines-line)
		s.packed.Mul(result, n, x[line*s.width*s.in:(line+some)*s.width*s.in], s.in, some*s.width, s.bias, s.act)
		begin := line * s.width * n
		for i := range some {
			s.line(dst[begin+i*s.width*n:][:s.width*n], result[i*s.width*n:])
		}
		if s.chain != nil {
			s.chain.run(a, dst, begin, begin+some*s.width*n, work)
		}
	}
}

// line puts the windows of a line of the input into as many lines of the output as a window has.
func (s *spreading) line(dst, windows []float32) {
	segment := s.size[1] * s.out
	n := s.size[0] * segment
	for i := range s.size[0] {
		to, from := dst[i*s.width*segment:][:s.width*segment], windows[i*segment:]
		if segment == 2 {
			for x := range s.width {
				to[2*x], to[2*x+1] = from[x*n], from[x*n+1]
			}
			continue
		}
		for x := range s.width {
			copy(to[x*segment:(x+1)*segment], from[x*n:])
		}
	}
}
