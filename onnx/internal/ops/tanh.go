package ops

import "github.com/allocarrays/allocarrays-go/internal/kernel"

// tanhBlock is how many elements tanh32 computes at a time.
const (
	tanhBlock = 512
	tanhRoom  = 4 * tanhBlock
)

// The tanh of float32 as a quotient of polynomials, x·p(x²)/q(x²), for |x| ≤ 9; beyond, it is that of 9. The coefficients
// are those of Eigen and of onnxruntime. It is within 4 units in the last place, also near 0.
var tanhP, tanhQ = spreadAll(-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
	1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03), spreadAll(1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)

var tanhLimits = spreadAll(-9, 9)

func spreadAll(v ...float32) [][]float32 {
	all := make([][]float32, len(v))
	for i, e := range v {
		all[i] = repeated([]float32{e}, tanhBlock)
	}
	return all
}

// tanh32 sets dst to the tanh of a. dst may be a. It needs tanhRoom elements of work
// memory. Sums and products are rounded one by one, on every processor.
func tanh32(dst, a, work []float32) {
	x, square, p, q := work[:tanhBlock], work[tanhBlock:2*tanhBlock], work[2*tanhBlock:3*tanhBlock], work[3*tanhBlock:tanhRoom]
	for len(a) > 0 {
		n := min(tanhBlock, len(a))
		kernel.Binary(kernel.Max, x[:n], a[:n], tanhLimits[0][:n])
		kernel.Binary(kernel.Min, x[:n], x[:n], tanhLimits[1][:n])
		kernel.Unary(kernel.Square, square[:n], x[:n])
		kernel.Affine(p[:n], square[:n], tanhP[0][:n], tanhP[1][:n], false)
		for _, c := range tanhP[2:] {
			kernel.Affine(p[:n], p[:n], square[:n], c[:n], false)
		}
		kernel.Affine(q[:n], square[:n], tanhQ[0][:n], tanhQ[1][:n], false)
		for _, c := range tanhQ[2:] {
			kernel.Affine(q[:n], q[:n], square[:n], c[:n], false)
		}
		kernel.Binary(kernel.Mul, p[:n], p[:n], x[:n])
		kernel.Binary(kernel.Div, dst[:n], p[:n], q[:n])
		dst, a = dst[n:], a[n:]
	}
}
