package kernel

import "math"

// CopyStrided computes dst[i*ds] = a[i*as] for i in [0, n). as may be 0 (broadcast). Gathering a strided view into
// contiguous memory and running a contiguous kernel there in place is how operations without a strided form are done.
func CopyStrided[T Storable](dst []T, ds int, a []T, as int, n int) {
	switch {
	case n == 0:
	case ds == 1 && as == 1:
		copy(dst[:n], a[:n])
	case ds == 1 && as == 0:
		Fill(dst[:n], a[0])
	default:
		for i := range n {
			dst[i*ds] = a[i*as]
		}
	}
}

// fillRun is how many elements [Fill] copies at a time: few enough to stay in the first-level cache as the source of
// every later copy, enough that the calls cost little.
const fillRun = 512

// Fill sets every element of dst to v. Past the first few it copies, in runs that double: copy is vectorized and a Go
// loop is not.
func Fill[T Storable](dst []T, v T) {
	n := min(len(dst), simdMin)
	for i := range dst[:n] {
		dst[i] = v
	}
	for n < len(dst) {
		n += copy(dst[n:], dst[:min(n, fillRun)])
	}
}

// Select computes dst[i] = a[i] if mask[i] is not 0, else b[i]. dst may be a, b or both.
// It moves bits: NaN payloads and the sign of zero survive, and its speed does not depend on the mask's pattern.
func Select[T Number](dst []T, mask []uint8, a, b []T) {
	mask, a, b = mask[:len(dst)], a[:len(dst)], b[:len(dst)]
	switch d := any(dst).(type) {
	case []float32:
		select32(d, mask, any(a).([]float32), any(b).([]float32))
	case []float64:
		select64(d, mask, any(a).([]float64), any(b).([]float64))
	default:
		for i, m := range mask {
			v := b[i]
			if m != 0 {
				v = a[i]
			}
			dst[i] = v
		}
	}
}

// select32 and select64 choose between integers, for which the compiler has a conditional move; floats would jump.
func select32(dst []float32, mask []uint8, a, b []float32) {
	a, b, dst = a[:len(mask)], b[:len(mask)], dst[:len(mask)]
	for i, m := range mask {
		v, w := math.Float32bits(b[i]), math.Float32bits(a[i])
		if m != 0 {
			v = w
		}
		dst[i] = math.Float32frombits(v)
	}
}

func select64(dst []float64, mask []uint8, a, b []float64) {
	a, b, dst = a[:len(mask)], b[:len(mask)], dst[:len(mask)]
	for i, m := range mask {
		v, w := math.Float64bits(b[i]), math.Float64bits(a[i])
		if m != 0 {
			v = w
		}
		dst[i] = math.Float64frombits(v)
	}
}
