package kernel

import "math"

// Affine computes dst[i] = src[i]·x[i] + y[i], and the maximum of that and 0 if relu is set;
// NaN stays NaN. The product is rounded before the addition, on every processor. dst may be
// src; it must not overlap x or y.
func Affine(dst, src, x, y []float32, relu bool) {
	affineOn(active, dst, src, x, y, relu)
}

func affineOn(k isa, dst, src, x, y []float32, relu bool) {
	n := len(dst)
	src, x, y = src[:n], x[:n], y[:n]
	if n == 0 {
		return
	}
	if k != generic {
		t := call{dst: address(&dst[0]), src: address(&src[0]), x: address(&x[0]), y: address(&y[0]),
			n: n, mask: k.partial(n), floor: float32(math.Inf(-1))}
		if relu {
			t.floor = 0
		}
		k.run(affine, &t)
		return
	}
	for i, v := range src {
		if v = float32(v*x[i]) + y[i]; relu && v < 0 {
			v = 0
		}
		dst[i] = v
	}
}
