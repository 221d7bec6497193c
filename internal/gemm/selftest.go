package gemm

import "slices"

// works multiplies small matrices of small integers, for which every order of
// summation gives the same exact float32, and compares each element with the
// plain loop. It runs every height and a partial last panel, in microseconds.
func (k kernel) works() bool {
	const rows, depth = maxRows + 1, 9
	n := 5*k.width(1) - 3
	a, b, c := ramp(rows*depth), ramp(depth*n), make([]float32, rows*n)
	p := newPacked(k, make([]float32, k.packedLen(depth, n)), depth, n)
	p.fill(b, n, 1)
	want := loop(a, b, rows, depth, n)
	for m := range rows + 1 {
		clear(c)
		p.Mul(c, n, a, depth, m, b[:n], ReLU)
		if !slices.Equal(c[:m*n], want[:m*n]) {
			return false
		}
	}
	return true
}

// ramp returns n integers between -3 and 3.
func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%7 - 3)
	}
	return x
}

// loop returns max(0, a·b + first row of b).
func loop(a, b []float32, m, k, n int) []float32 {
	c := make([]float32, m*n)
	for i := range c {
		sum := b[i%n]
		for l := range k {
			sum += a[i/n*k+l] * b[l*n+i%n]
		}
		c[i] = max(0, sum)
	}
	return c
}
