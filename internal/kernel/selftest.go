package kernel

import (
	"math"
	"slices"
)

// works reports whether the vector functions of an instruction set give the bits of the
// loops. It runs every part of every function, in a few microseconds each.
func (k isa) works() bool {
	for _, n := range []int{1, k.lanes() - 1, 5*group + 3} {
		for f := range functions {
			if got, want := f.sample(k, n), f.sample(generic, n); !slices.EqualFunc(got, want, sameBits) {
				return false
			}
		}
	}
	return true
}

func sameBits(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }

// sample returns what a function makes of small numbers in rows of n.
func (f function) sample(k isa, n int) []float32 {
	src, dst := make([]float32, 9*n), make([]float32, 2*n)
	for i := range src {
		src[i] = float32(i%11) - 5.25
	}
	switch f {
	case affine:
		affineOn(k, dst[:n], src, src[n:], src[2*n:], false)
		affineOn(k, dst[n:], src, src[n:], src[2*n:], true)
	case windowMax, windowSum:
		w := Window{Rows: 2, Cols: 2, Channels: n, Count: 2, Line: 4 * n, Pixel: n, Step: 2 * n, Next: n}
		w.run(k, f, dst, src)
	case softmaxRows:
		softmax32(k, dst, src, n)
	case expSum, subtract:
		logSoftmax32(k, dst[:n], src)
	case depthwise:
		dst = make([]float32, 5*n)
		w := Window{Rows: 2, Cols: 2, Channels: n, Count: 5, Line: 2 * n, Pixel: n, Step: n, Next: n}
		depthwiseOn(k, dst, append(src, src...), src, 3, src[n:2*n], &w, true)
	case depthwise3:
		dst = make([]float32, 5*n)
		w := Window{Rows: 3, Cols: 3, Channels: n, Count: 4, Line: 6 * n, Pixel: n, Step: n, Next: n}
		depthwiseOn(k, dst, append(src, src...), src, 3, src[n:2*n], &w, false)
	case winogradIn:
		dst = make([]float32, 32*n)
		Tiles{Count: 2, Channels: n, Line: 3 * n, Plane: 2 * n}.in(k, dst, append(src, src...))
	case winogradOut:
		dst = make([]float32, 8*n)
		src = append(append(append(src, src...), src...), src...)
		Tiles{Count: 2, Channels: n, Line: 4 * n, Plane: 2 * n, Pixels: [2]int{2, 2}}.out(k, dst, src, src[n:2*n], true)
	case quantize:
		units := make([]int32, n)
		quantizeOn(k, units, src[:n], 4, Quantization{0.04, 100})
		quantizeOn(k, units[n/2:], src[:n], 2, Quantization{0.04, 100})
		for i, u := range units {
			dst[i] = float32(u >> 8)
		}
	case dequantize:
		sums := make([]int32, 2*n)
		for i := range sums {
			sums[i] = int32(i*7 - 3*n)
		}
		dequantizeOn(k, dst[:n], sums, sums[n:], src, src[n:], Quantization{0.04, 100}, false)
	case normalizeRows:
		normalizeOn(k, dst, src, src[:n], src[n:2*n], 0.5)
	case gate:
		gateOn(k, dst[:n], src, 1, 0)
		gateOn(k, dst[n:], src[n:], 2, 1)
	}
	return dst
}
