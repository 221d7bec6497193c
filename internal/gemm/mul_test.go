package gemm_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// sizes visits every M up to 33 with every N up to 70 and varying K, every K
// up to 70 with a few M and N, and all strides, skews, biases and activations;
// or, of all that, one in so many.
func sizes[T number](oneIn int, visit func(p *problem[T])) {
	count := 0
	try := func(m, k, n int) {
		if count++; count%oneIn == 0 {
			visit(newProblem[T](m, k, n, count%3, count%5, count%4, count%2 == 0, gemm.Activation(count/2%2)))
		}
	}
	for m := range 34 {
		for n := range 71 {
			try(m, (m*31+n*17)%71, n)
		}
	}
	for k := range 71 {
		for _, m := range []int{1, 2, 3, 5, 6, 7, 13} {
			try(m, k, 10)
			try(m, k, 67)
		}
	}
}

// eachISA runs a test for every instruction set that this machine supports.
func eachISA(t *testing.T, test func(t *testing.T, isa string)) {
	for _, isa := range gemm.Supported() {
		t.Run(isa, func(t *testing.T) { test(t, isa) })
	}
}

// inShort picks a number by the length of the test run.
func inShort(long, short int) int {
	if testing.Short() {
		return short
	}
	return long
}

// TestMul runs every test for both element types.
func TestMul(t *testing.T) {
	t.Run("float32", testMul[float32])
	t.Run("float64", testMul[float64])
}

func testMul[T number](t *testing.T) {
	for name, test := range map[string]func(t *testing.T){
		"sizes": testMulSizes[T], "large": testMulLarge[T], "special": testMulSpecial[T],
		"denormals": testMulDenormals[T], "row alone": testMulRowAlone[T], "convolution": testMulGridConvolution[T],
		"strides": testPackStrides[T], "into": testPackInto[T], "allocations": testAllocations[T],
	} {
		t.Run(name, test)
	}
}

func testMulSizes[T number](t *testing.T) {
	eachISA(t, func(t *testing.T, isa string) {
		sizes(inShort(1, 13), func(p *problem[T]) { p.run(t, isa) })
	})
}

func testMulLarge[T number](t *testing.T) {
	eachISA(t, func(t *testing.T, isa string) {
		for _, s := range [][3]int{{1, 784, 128}, {7, 1001, 33}, {103, 513, 65}, {200, 1100, 17}, {13, 2500, 3}} {
			newProblem[T](s[0], s[1], s[2], 5, 9, 1, true, gemm.None).run(t, isa)
		}
	})
}

// testMulSpecial puts NaN, infinities, denormals and zeros of both signs into
// every operand.
func testMulSpecial[T number](t *testing.T) {
	inf, least, most := T(math.Inf(1)), T(math.SmallestNonzeroFloat32), T(math.MaxFloat32)
	if _, double := any(inf).(float64); double {
		tiny, huge := math.SmallestNonzeroFloat64, math.MaxFloat64
		least, most = T(tiny), T(huge)
	}
	special := []T{T(math.NaN()), inf, -inf, 0, T(math.Copysign(0, -1)), least, -512 * least, 4096 * least, most, -most}
	eachISA(t, func(t *testing.T, isa string) {
		for at, v := range special {
			for _, act := range []gemm.Activation{gemm.None, gemm.ReLU} {
				p := newProblem[T](13, 19, 37, 1, 2, 3, true, act)
				p.a[4*p.lda+at], p.b[at*p.n+20], p.bias[at] = v, v, v
				for l := range p.k {
					p.a[7*p.lda+l] = v
				}
				p.run(t, isa)
			}
		}
	})
}

func testMulDenormals[T number](t *testing.T) {
	eachISA(t, func(t *testing.T, isa string) {
		p := newProblem[T](7, 40, 20, 0, 0, 0, false, gemm.None)
		small := T(0x1p-70)
		if _, double := any(small).(float64); double {
			tiny := 0x1p-520
			small = T(tiny)
		}
		for i := range p.a {
			p.a[i] *= small
		}
		for i := range p.b {
			p.b[i] *= small
		}
		p.run(t, isa)
		require.NotZero(t, p.c[0])
	})
}

// testMulRowAlone: a row has the same bits in every batch.
func testMulRowAlone[T number](t *testing.T) {
	eachISA(t, func(t *testing.T, isa string) {
		const n = 37                                                // of which the last panel is narrow for some heights and wide for others
		all := newProblem[T](40, 1100, n, 0, 0, 0, true, gemm.ReLU) // more than a block
		p := all.pack(isa)
		p.Mul(all.c, all.ldc, all.a, all.lda, all.m, all.bias, all.act)
		for m := 1; m <= 14; m++ {
			c := make([]T, m*n)
			p.Mul(c, n, all.a, all.lda, m, all.bias, all.act)
			require.Equal(t, all.c[:m*n], c, "%d rows", m)
		}
	})
}

// TestMulWide: a stride between rows may be larger than what is left of a.
func TestMulWide(t *testing.T) {
	p := gemm.Pack([]float32{2, 3}, 1, 2, 2, 1)
	c := make([]float32, 2)
	p.Mul(c, math.MaxInt32, []float32{5}, math.MaxInt32, 1, nil, gemm.None)
	require.Equal(t, []float32{10, 15}, c)
}

func testAllocations[T number](t *testing.T) {
	p := newProblem[T](40, 900, 45, 0, 0, 0, true, gemm.ReLU)
	rows, segs := gemm.Grid{Images: 1, Height: 1, Width: 7, Pixel: 1}, []int32{0, 450}
	for _, isa := range gemm.Supported() {
		packed := p.pack(isa)
		require.Zero(t, testing.AllocsPerRun(20, func() {
			packed.Mul(p.c, p.ldc, p.a, p.lda, p.m, p.bias, p.act)
			packed.MulGrid(p.c, p.ldc, p.a, rows, segs, p.bias, p.act)
		}), isa)
	}
}
