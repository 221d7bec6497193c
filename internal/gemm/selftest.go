package gemm

import "slices"

// works reports whether the micro-kernels compute rightly, for both element types.
func (k isa) works() bool {
	return computes[float32](k) && computes[float64](k) && (!k.multipliesBytes() || computesBytes(k, 5) && computesBytes(k, 3) && computesBytes(k, 2))
}

// computesBytes is computes for bytes of all sizes, in so many panels.
func computesBytes(k isa, panels int) bool {
	const depth = 9
	n := panels*width[int32](k, 1) - 3
	b := make([]int8, depth*n)
	for i := range b {
		b[i] = int8(i * 37)
	}
	p := packBytesFor(k, b, depth, n, n, 1)
	a, c, want := make([]int32, 2*maxRows*p.UnitsOf(depth)), make([]int32, 2*maxRows*n), make([]int32, 2*maxRows*n)
	for i := range 2 * maxRows * depth {
		r, l, v := i/depth, i%depth, uint32(i*91&0xff)
		a[r*p.UnitsOf(depth)+l/p.perUnit] |= int32(v << (l % p.perUnit * 32 / p.perUnit))
		for j := range n {
			want[r*n+j] += int32(v) * int32(b[l*n+j])
		}
	}
	for m := 1; m <= 2*maxRows; m++ {
		p.Mul(c, n, a, p.UnitsOf(depth), m)
		if !slices.Equal(c[:m*n], want[:m*n]) {
			return false
		}
		clear(c)
	}
	return true
}

// computes multiplies small matrices of small integers, for which every order of
// summation gives the same exact result, and compares each element with the
// plain loop. It runs every micro-kernel, with partial last panels, in a fifth of a
// millisecond.
func computes[T Element](k isa) bool {
	w := width[T](k, 1)
	return multiplies[T](k, 5*w-3) && multiplies[T](k, 3*w-3) && multiplies[T](k, w+3)
}

// multiplies is computes for n columns.
func multiplies[T Element](k isa, n int) bool {
	const rows, depth = 2 * maxRows, 9 // with which every height that tiles have below each other comes twice
	a, b, c := ramp[T](rows*depth), ramp[T](depth*n), make([]T, rows*n)
	p := packFor(k, b, depth, n, n, 1)
	want := loop(a, b, rows, depth, n)
	for m := 0; m <= rows; m++ {
		if m > maxRows+1 && m%2 != 0 {
			continue
		}
		clear(c)
		p.Mul(c, n, a, depth, m, b[:n], ReLU)
		if !slices.Equal(c[:m*n], want[:m*n]) {
			return false
		}
	}
	return true
}

// ramp returns n integers between -3 and 3.
func ramp[T Element](n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(i%7 - 3)
	}
	return x
}

// loop returns max(0, a·b + first row of b).
func loop[T Element](a, b []T, m, k, n int) []T {
	c := make([]T, m*n)
	for i := range c {
		sum := b[i%n]
		for l := range k {
			sum += a[i/n*k+l] * b[l*n+i%n]
		}
		c[i] = max(0, sum)
	}
	return c
}
