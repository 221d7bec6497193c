package kernel

import (
	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// AddScaled computes dst[i] += alpha*x[i]. dst may be x. Whether floats round once (fused) or twice depends on the
// processor, never on the position.
func AddScaled[T Number](dst []T, alpha T, x []T) {
	x = x[:len(dst)]
	switch d := any(dst).(type) {
	case []float32:
		f32.AddScaled(d, float32(alpha), any(x).([]float32))
	case []float64:
		f64.AddScaled(d, float64(alpha), any(x).([]float64))
	default:
		for i, v := range x {
			dst[i] += alpha * v
		}
	}
}

// MatMul works on panels of b of at most panelDepth rows by panelWidth columns: 128 KiB of float32, which stay in the
// second-level cache while every row of a passes over them, and a row of dst in the first level.
const (
	panelDepth = 64
	panelWidth = 512
)

// MatMul computes dst = a·b: dst is m×n, a is m×k, b is k×n, all row-major with row strides ldd, lda, ldb in elements,
// each at least the length of its row. dst must not overlap a or b. With k == 0 dst becomes zero.
//
// Each element is the sum over k in ascending order (with n == 1, in MatMulT's), so float errors are at most k·u·Σ|a·b|; NaN and infinities
// propagate (0·Inf is NaN: zeros in a are not skipped). Integers wrap.
//
// The inner step is AddScaled over a row of b, which needs no transposed copy of b. When b is at hand transposed
// (a layer's weights), [MatMulT] is faster.
func MatMul[T Number](dst []T, ldd int, a []T, lda int, b []T, ldb int, m, k, n int) {
	if n == 1 && ldb == 1 { // a contiguous column is its own transpose
		MatMulT(dst, ldd, a, lda, b, k, m, k, 1)
		return
	}
	for i := range m {
		clear(dst[i*ldd:][:n])
	}
	for j := 0; j < n; j += panelWidth {
		w := min(panelWidth, n-j)
		for p := 0; p < k; p += panelDepth {
			d := min(panelDepth, k-p)
			for i := range m {
				if row, alpha, rows := dst[i*ldd+j:][:w], a[i*lda+p:][:d], b[p*ldb+j:]; n < simdMin {
					addScaledLoop(row, alpha, rows, ldb)
				} else {
					addScaledRows(row, alpha, rows, ldb)
				}
			}
		}
	}
}

// addScaledRows adds alpha[q] times row q of b to dst, for every q; rows of b start ldb apart and are as long as dst.
func addScaledRows[T Number](dst, alpha, b []T, ldb int) {
	switch d := any(dst).(type) {
	case []float32:
		bf := any(b).([]float32)
		for q, s := range any(alpha).([]float32) {
			f32.AddScaled(d, s, bf[q*ldb:][:len(d)])
		}
	case []float64:
		bf := any(b).([]float64)
		for q, s := range any(alpha).([]float64) {
			f64.AddScaled(d, s, bf[q*ldb:][:len(d)])
		}
	default:
		addScaledLoop(dst, alpha, b, ldb)
	}
}

// addScaledLoop is addScaledRows for integers, and for narrow products of any type.
func addScaledLoop[T Number](dst, alpha, b []T, ldb int) {
	for q, s := range alpha {
		row := b[q*ldb:][:len(dst)]
		for i, v := range row {
			dst[i] += s * v
		}
	}
}

// panelElements is how many elements of bt MatMulT keeps in the second-level cache at a time (256 KiB of float32).
const panelElements = 64 << 10

// MatMulT computes dst = a·btᵀ: dst is m×n, a is m×k, bt is n×k (one row per output, as a dense layer stores its
// weights), all row-major with row strides ldd, lda, ldb in elements, each at least the length of its row. dst must not
// overlap a or bt. With k == 0 dst becomes zero.
//
// Each element is a dot product in the library's order (not [Dot]'s blocks): error at most k·u·Σ|a·bt|, in SIMD registers
// about (k/8)·u·Σ|a·bt|. NaN and infinities propagate. Integers wrap.
func MatMulT[T Number](dst []T, ldd int, a []T, lda int, bt []T, ldb int, m, k, n int) {
	rows := max(4, panelElements/max(k, 1)&^3) // a multiple of the four rows that the library takes at a time
	for j := 0; j < n; j += rows {
		w := min(rows, n-j)
		for i := range m {
			dotRows(dst[i*ldd+j:][:w], a[i*lda:][:k], bt[j*ldb:], ldb)
		}
	}
}

// dotRows sets dst[j] to the dot product of x with row j of bt; rows start ldb apart and are as long as x.
func dotRows[T Number](dst, x, bt []T, ldb int) {
	switch d := any(dst).(type) {
	case []float32:
		f32.DotProductStrided(d, any(bt).([]float32), any(x).([]float32), len(d), len(x), ldb)
	case []float64:
		dotRows64(d, any(x).([]float64), any(bt).([]float64), ldb)
	default:
		for j := range dst {
			dst[j] = Dot(x, bt[j*ldb:][:len(x)])
		}
	}
}

// dotRows64 gives the library's float64 batch its rows as slices, a handful at a time on the stack.
func dotRows64(dst, x, bt []float64, ldb int) {
	var rows [16][]float64
	if len(x) == 0 {
		clear(dst)
		return
	}
	for len(dst) > 0 {
		w := min(len(rows), len(dst))
		for j := range w {
			rows[j] = bt[j*ldb:][:len(x)]
		}
		f64.DotProductBatch(dst[:w], rows[:w], x)
		if dst = dst[w:]; len(dst) > 0 {
			bt = bt[w*ldb:]
		}
	}
}
