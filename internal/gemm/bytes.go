package gemm

import "fmt"

// Bytes is a matrix B of K × N signed bytes, packed for products with rows of unsigned bytes. The
// product of such matrices is exact: nothing saturates, and up to 65 793 elements of K no sum of 32 bits
// overflows. It is immutable, so any number of goroutines may multiply by it at once.
//
// A row of A is stored in units of 32 bits: four bytes, the first lowest, or, where the processor
// has no instruction for them, two numbers of 16 bits. PerUnit tells which; what is behind the last
// element does not matter.
type Bytes struct {
	packed  *Packed[int32]
	perUnit int
	sums    []int32 // of the columns
}

// mostBytes is the largest K: 255·128·K is less than 2³¹.
const mostBytes = 65793

// PackBytes packs B, of which element (r, c) is b[r*rowStride+c*colStride]. A matrix that does not fit b,
// a negative argument or a K of more than 65 793 panics.
func PackBytes(b []int8, k, n, rowStride, colStride int) *Bytes {
	return packBytesFor(activeForBytes(), b, k, n, rowStride, colStride)
}

// activeForBytes is the instruction set for products of bytes.
func activeForBytes() isa {
	with := active
	for !with.multipliesBytes() {
		with--
	}
	return with
}

// BytesPerUnit returns what PerUnit of any matrix that PackBytes makes will be, for who must pad its rows to whole
// units.
func BytesPerUnit() int { return activeForBytes().bytesPerUnit() }

func (k isa) bytesPerUnit() int {
	if k == avx2 {
		return 2
	}
	return 4
}

// packBytesFor is PackBytes for the micro-kernels of one instruction set.
func packBytesFor(with isa, b []int8, k, n, rowStride, colStride int) *Bytes {
	if k > mostBytes {
		panic(fmt.Sprintf("gemm: %d rows of bytes, want at most %d", k, mostBytes))
	}
	checkMatrix(b, k, n, rowStride, colStride)
	p := &Bytes{perUnit: with.bytesPerUnit(), sums: make([]int32, n)}
	bits := 32 / p.perUnit
	units := make([]int32, p.UnitsOf(k)*n)
	for r := range k {
		for c := range n {
			v := b[r*rowStride+c*colStride]
			p.sums[c] += int32(v)
			units[r/p.perUnit*n+c] |= int32(uint32(v) & (1<<bits - 1) << (r % p.perUnit * bits))
		}
	}
	p.packed = packFor(with, units, p.UnitsOf(k), n, n, 1)
	return p
}

// PerUnit returns the number of elements in a unit of A: 4 or 2.
func (p *Bytes) PerUnit() int { return p.perUnit }

// UnitsOf returns the number of units of so many elements.
func (p *Bytes) UnitsOf(elements int) int { return (elements + p.perUnit - 1) / p.perUnit }

// Sums returns the sums of the columns of B. They must not be changed.
func (p *Bytes) Sums() []int32 { return p.sums }

// Mul computes C = A·B for m rows of A, each of as many units as K has, lda units apart. The rest is as
// for [Packed.Mul].
func (p *Bytes) Mul(c []int32, ldc int, a []int32, lda, m int) {
	p.packed.Mul(c, ldc, a, lda, m, nil, None)
}

// MulColumns is [Packed.MulColumns].
func (p *Bytes) MulColumns(c []int32, ldc int, a []int32, lda, m, from, to int) {
	p.packed.MulColumns(c, ldc, a, lda, m, from, to, nil, None)
}

// MulGrid is [Packed.MulGrid] for a grid and segments in units.
func (p *Bytes) MulGrid(c []int32, ldc int, a []int32, g Grid, segs []int32) {
	p.packed.MulGrid(c, ldc, a, g, segs, nil, None)
}

// ColumnStep is that of [Packed.ColumnStep].
func (p *Bytes) ColumnStep() int { return p.packed.ColumnStep() }

// dotBytes is the portable product of a unit of A and one of B.
func dotBytes(x, y int32) (sum int32) {
	for range 4 {
		sum += int32(uint8(x)) * int32(int8(y))
		x, y = x>>8, y>>8
	}
	return sum
}
