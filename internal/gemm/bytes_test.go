package gemm_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// A byteProblem is one product of bytes; a has the rows, c room for the result with guards.
type byteProblem struct {
	m, k, n int
	a       []uint8
	b       []int8
}

// newByteProblem makes a problem with bytes of all sizes, and with the largest ones often.
func newByteProblem(m, k, n int) *byteProblem {
	p := &byteProblem{m, k, n, make([]uint8, m*k), make([]int8, k*n)}
	rng := rand.New(rand.NewPCG(uint64(m), uint64(k*1000+n)))
	for i := range p.a {
		p.a[i] = uint8(rng.Uint32() | -(rng.Uint32() & 1))
	}
	for i := range p.b {
		p.b[i] = int8(rng.Uint32())
		if rng.IntN(3) == 0 {
			p.b[i] = []int8{127, -128}[rng.IntN(2)]
		}
	}
	return p
}

// units are the rows of A as the packed B wants them, with rubbish behind their ends.
func (p *byteProblem) units(b *gemm.Bytes, memory func(n int) []int32) []int32 {
	lda := b.UnitsOf(p.k)
	units := memory(p.m * lda)
	for i := range units {
		units[i] = 0x7b7b7b7b
	}
	bits := 32 / b.PerUnit()
	for i, v := range p.a {
		at, shift := i/p.k*lda+i%p.k/b.PerUnit(), i%p.k%b.PerUnit()*bits
		u := uint32(units[at])&^(1<<(shift+bits)-1<<shift) | uint32(v)<<shift
		units[at] = int32(u)
	}
	return units
}

// check compares c, whose rows are ldc apart, with the plain loop.
func (p *byteProblem) check(t *testing.T, c []int32, ldc int) {
	t.Helper()
	for i := range p.m {
		for j := range ldc {
			want := int32(-99)
			if j < p.n {
				want = 0
				for l := range p.k {
					want += int32(p.a[i*p.k+l]) * int32(p.b[l*p.n+j])
				}
			}
			if i*ldc+j < len(c) && c[i*ldc+j] != want {
				require.Failf(t, "wrong", "c[%d,%d] = %d, want %d in %d×%d×%d", i, j, c[i*ldc+j], want, p.m, p.k, p.n)
			}
		}
	}
}

// result returns memory for c, filled with what stands for untouched.
func (p *byteProblem) result(ldc int, memory func(n int) []int32) []int32 {
	c := memory((p.m-1)*ldc + p.n)
	for i := range c {
		c[i] = -99
	}
	return c
}

func intsOnHeap(n int) []int32 { return make([]int32, n) }

// byteSizes visits problems of all heights and widths, and every K up to 20.
func byteSizes(oneIn int, visit func(p *byteProblem)) {
	count := 0
	for m := 1; m <= 26; m++ {
		for _, n := range []int{1, 7, 15, 16, 17, 31, 32, 33, 64, 70, 127, 131} {
			if count++; count%oneIn == 0 {
				visit(newByteProblem(m, 1+count%20, n))
			}
		}
	}
	for k := 1; k <= 20; k++ {
		visit(newByteProblem(5, k, 19))
	}
}

// TestBytes: products of bytes are exact with every instruction set, also of the largest bytes, and
// between pages that cannot be touched.
func TestBytes(t *testing.T) {
	for _, isa := range gemm.SupportedForBytes() {
		t.Run(isa, func(t *testing.T) {
			byteSizes(inShort(1, 5), func(p *byteProblem) {
				b := gemm.PackBytesWith(isa, p.b, p.k, p.n, p.n, 1)
				c := p.result(p.n+3, intsOnHeap)
				b.Mul(c, p.n+3, p.units(b, intsOnHeap), b.UnitsOf(p.k), p.m)
				p.check(t, c, p.n+3)
			})
			for _, s := range [][3]int{{3, 5000, 40}, {100, 900, 33}, {1, 3, 5}, {14, 70, 45}} {
				t.Run("", func(t *testing.T) {
					p := newByteProblem(s[0], s[1], s[2])
					memory := func(n int) []int32 { return testenv.Fenced[int32](t, n, s[0] == 14) }
					b := gemm.PackBytesWith(isa, p.b, p.k, p.n, p.n, 1)
					c := p.result(p.n, memory)
					b.Mul(c, p.n, p.units(b, memory), b.UnitsOf(p.k), p.m)
					p.check(t, c, p.n)
				})
			}
		})
	}
}

// TestBytesByColumns: parts of B give parts of the product.
func TestBytesByColumns(t *testing.T) {
	p := newByteProblem(14, 37, 150)
	for _, isa := range gemm.SupportedForBytes() {
		b := gemm.PackBytesWith(isa, p.b, p.k, p.n, p.n, 1)
		a, c := p.units(b, intsOnHeap), p.result(p.n, intsOnHeap)
		for from := 0; from < p.n; from += 2 * b.ColumnStep() {
			b.MulColumns(c[from:], p.n, a, b.UnitsOf(p.k), p.m, from, min(p.n, from+2*b.ColumnStep()))
		}
		p.check(t, c, p.n)
		require.Panics(t, func() { b.MulColumns(c, p.n, a, b.UnitsOf(p.k), p.m, 0, p.n+1) })
		if b.ColumnStep() < p.n {
			require.Panics(t, func() { b.MulColumns(c, p.n, a, b.UnitsOf(p.k), p.m, 1, 2) })
		}
	}
}

// TestBytesDoNotSaturate: the largest sum of 32 bits is right, and a longer row is refused.
func TestBytesDoNotSaturate(t *testing.T) {
	const k = 65793
	b := make([]int8, k+1)
	for i := range b {
		b[i] = -128
	}
	for _, isa := range gemm.SupportedForBytes() {
		p := gemm.PackBytesWith(isa, b, k, 1, 1, 1)
		a, c := make([]int32, p.UnitsOf(k)), make([]int32, 1)
		for i := range a {
			a[i] = -1 // bytes of 255
			if p.PerUnit() == 2 {
				a[i] = 0x00ff00ff
			}
		}
		p.Mul(c, 1, a, len(a), 1)
		require.EqualValues(t, 255*-128*k, c[0])
		require.EqualValues(t, -128*k, p.Sums()[0])
	}
	require.PanicsWithValue(t, "gemm: 65794 rows of bytes, want at most 65793", func() { gemm.PackBytes(b, k+1, 1, 1, 1) })
	require.Panics(t, func() { gemm.PackBytes(b, 2, 2, k, 1) })
}

func TestBytesAllocateNothing(t *testing.T) {
	p := newByteProblem(20, 50, 40)
	for _, isa := range gemm.SupportedForBytes() {
		b := gemm.PackBytesWith(isa, p.b, p.k, p.n, p.n, 1)
		a, c := p.units(b, intsOnHeap), p.result(p.n, intsOnHeap)
		require.Zero(t, testing.AllocsPerRun(10, func() { b.Mul(c, p.n, a, b.UnitsOf(p.k), p.m) }))
		require.Zero(t, testing.AllocsPerRun(10, func() { b.MulColumns(c, p.n, a, b.UnitsOf(p.k), p.m, 0, 40) }))
	}
}
