package gemm_test

import (
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// FuzzMul compares every instruction set with the plain loops at any sizes, with rows
// read contiguously and gathered from segments.
func FuzzMul(f *testing.F) {
	f.Add(uint8(6), uint16(70), uint8(16), uint8(3), uint8(5), uint8(1))
	f.Fuzz(func(t *testing.T, m uint8, k uint16, n, moreA, moreC, flags uint8) {
		skew, bias, act, segs := int(flags>>4), flags&1 != 0, gemm.Activation(flags>>1&1), 1+int(flags>>2&3)
		fuzzMul(t, newProblem[float32](int(m)%80, int(k)%1300, int(n)%100, int(moreA)%9, int(moreC)%9, skew, bias, act), segs)
		fuzzMul(t, newProblem[float64](int(m)%80, int(k)%1300, int(n)%100, int(moreA)%9, int(moreC)%9, skew, bias, act), segs)
	})
}

func fuzzMul[T number](t *testing.T, p *problem[T], count int) {
	rows, segs := p.offsets(count)
	for _, isa := range gemm.Supported() {
		p.run(t, isa)
		p.pack(isa).MulGrid(p.c, p.ldc, p.a, rows, segs, p.bias, p.act)
		p.check(t, isa)
	}
	p.bias, p.act = nil, gemm.None
	if gemm.Product(p.c, p.ldc, gemm.Matrix[T]{p.a, p.lda, 1}, gemm.Matrix[T]{p.b, p.n, 1}, p.m, p.k, p.n) {
		p.check(t, gemm.ISA())
	}
}

// offsets describes the problem's rows in so many segments, or in one if K does
// not divide.
func (p *problem[T]) offsets(count int) (g gemm.Grid, segs []int32) {
	g = gemm.Grid{Images: p.m, Height: 1, Width: 1, Image: p.lda}
	if p.k%count != 0 {
		count = 1
	}
	for s := range count {
		segs = append(segs, int32(s*p.k/count))
	}
	return g, segs
}

// FuzzBytes compares products of bytes with the plain loops, with rows read contiguously and gathered from segments.
func FuzzBytes(f *testing.F) {
	f.Add(uint8(6), uint16(70), uint8(16), uint8(3))
	f.Fuzz(func(t *testing.T, m uint8, k uint16, n, count uint8) {
		p := newByteProblem(1+int(m)%80, 1+int(k)%700, 1+int(n)%150)
		for _, isa := range gemm.SupportedForBytes() {
			b := gemm.PackBytesWith(isa, p.b, p.k, p.n, p.n, 1)
			a, c, lda := p.units(b, intsOnHeap), p.result(p.n+2, intsOnHeap), b.UnitsOf(p.k)
			b.Mul(c, p.n+2, a, lda, p.m)
			p.check(t, c, p.n+2)
			segs := []int32{0}
			if s := 1 + int(count)%4; lda%s == 0 {
				for i := 1; i < s; i++ {
					segs = append(segs, int32(i*lda/s))
				}
			}
			c = p.result(p.n+2, intsOnHeap)
			b.MulGrid(c, p.n+2, a, gemm.Grid{Images: p.m, Height: 1, Width: 1, Image: lda}, segs)
			p.check(t, c, p.n+2)
		}
	})
}
