package gemm_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/x86"
)

// guard fills the memory around C; no test computes it.
const guard = -12345.6875

// number are the elements of the products tested here; bytes have a test of their own.
type number interface{ float32 | float64 }

// A problem is one product with everything the kernels must leave alone: rows
// longer than needed, and slices that start at odd addresses.
type problem[T number] struct {
	m, k, n, lda, ldc int
	a, b, c, bias     []T
	act               gemm.Activation
}

// newProblem makes a problem whose slices begin skew elements into their memory.
func newProblem[T number](m, k, n, moreA, moreC, skew int, bias bool, act gemm.Activation) *problem[T] {
	p := &problem[T]{m: m, k: k, n: n, lda: k + moreA, ldc: n + moreC, act: act}
	p.a = floats[T](skew + max(0, m-1)*p.lda + k)[skew:]
	p.b = floats[T](k*n + 1)[1:]
	p.c = make([]T, skew+m*p.ldc+40)[skew:]
	for i := range p.c {
		p.c[i] = guard
	}
	if bias {
		p.bias = floats[T](n + 3)[3:]
	}
	return p
}

// fma is a·b+c with a single rounding.
func fma[T number](a, b, c T) T {
	if _, double := any(a).(float64); double {
		return T(math.FMA(float64(a), float64(b), float64(c)))
	}
	return T(x86.FMA32(float32(a), float32(b), float32(c)))
}

// exact is the contract of the assembly kernels, to the bit: starting from the
// bias, one fused multiply-add per element of K, in order.
func (p *problem[T]) exact(i, j int) T {
	sum := T(0)
	if p.bias != nil {
		sum = p.bias[j]
	}
	for l := range p.k {
		sum = fma(p.a[i*p.lda+l], p.b[l*p.n+j], sum)
	}
	return p.activate(sum)
}

// near is the plain float64 loop, and the distance from it that rounding explains.
// K products and K sums, each rounded with a relative error of at most u (2⁻²⁴ for
// float32, 2⁻⁵³ for float64), give at most γ(K+1)·(|bias| + Σ|a·b|) with
// γ(n) = n·u/(1−n·u) (Higham 2002, "Accuracy and Stability of Numerical
// Algorithms", section 3.1); fused multiply-adds stay below that. For float64 the loop
// is as far off, and has another order. Each of the K products can besides lose half
// the smallest denormal: 2⁻¹⁵⁰ for float32.
func (p *problem[T]) near(i, j int) (want T, tolerance float64) {
	sum, size := 0.0, 0.0
	if p.bias != nil {
		sum = float64(p.bias[j])
		size = math.Abs(sum)
	}
	for l := range p.k {
		term := float64(p.a[i*p.lda+l]) * float64(p.b[l*p.n+j])
		sum += term
		size += math.Abs(term)
	}
	nu := float64(p.k+1) * 0x1p-24
	if _, double := any(want).(float64); double {
		nu *= 0x1p-28 // 2⁻⁵³, twice
	}
	return p.activate(T(sum)), nu/(1-nu)*size + float64(p.k+1)*0x1p-150
}

// activate applies the activation by its definition.
func (p *problem[T]) activate(x T) T {
	if p.act == gemm.ReLU && x < 0 {
		return 0
	}
	return x
}

// check compares every element of C, and every cell that is not one.
func (p *problem[T]) check(t *testing.T, isa string) {
	t.Helper()
	for at, got := range p.c {
		i, j := at/max(1, p.ldc), at%max(1, p.ldc)
		if i >= p.m || j >= p.n {
			if got != guard {
				require.Failf(t, "wrote outside", "%s: c[%d] of %+v", isa, at, p.sizes())
			}
			continue
		}
		p.checkElement(t, isa, i, j, got)
	}
}

// checkElement holds assembly to the bit and the portable code to the bound.
func (p *problem[T]) checkElement(t *testing.T, isa string, i, j int, got T) {
	if isa != "generic" {
		if want := p.exact(i, j); !same(got, want) {
			t.Helper() // only here: it walks the stack
			require.Failf(t, "wrong bits", "%s: c[%d,%d] = %v, want %v in %v", isa, i, j, got, want, p.sizes())
		}
	}
	want, tolerance := p.near(i, j)
	if tolerance > 0x1p100 {
		return // a partial sum may have overflowed, which order decides
	}
	if !same(got, want) && !(math.Abs(float64(got)-float64(want)) <= tolerance) {
		t.Helper()
		require.Failf(t, "wrong", "%s: c[%d,%d] = %v, want %v ± %v in %v", isa, i, j, got, want, tolerance, p.sizes())
	}
}

// sizes is the problem without its data.
func (p *problem[T]) sizes() [6]int { return [6]int{p.m, p.k, p.n, p.lda, p.ldc, int(p.act)} }

// same reports whether two numbers have the same bits, or are both NaN.
func same[T number](x, y T) bool {
	return x == y && math.Signbit(float64(x)) == math.Signbit(float64(y)) || x != x && y != y
}

// pack packs B for an instruction set.
func (p *problem[T]) pack(isa string) *gemm.Packed[T] {
	return gemm.PackWith(isa, p.b, p.k, p.n, p.n, 1)
}

// run multiplies with an instruction set and checks the result.
func (p *problem[T]) run(t *testing.T, isa string) {
	t.Helper()
	p.pack(isa).Mul(p.c, p.ldc, p.a, p.lda, p.m, p.bias, p.act)
	p.check(t, isa)
}
