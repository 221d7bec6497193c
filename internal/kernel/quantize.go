package kernel

import (
	"fmt"
	"math"
)

// Quantization is a linear map from numbers to bytes: scale·(byte - Zero) is about the number.
type Quantization struct {
	Scale float32
	Zero  uint8
}

// QuantizationFor returns the map for numbers between low and high, and for 0, as ONNX's
// DynamicQuantizeLinear makes it. Where there is none, because of NaN or an infinity or because both are 0,
// the scale is 1.
func QuantizationFor(low, high float32) Quantization {
	low, high = min(low, 0), max(high, 0)
	q := Quantization{Scale: (high - low) / 255}
	if !(q.Scale > 0) || math.IsInf(float64(q.Scale), 1) {
		return Quantization{Scale: 1}
	}
	q.Zero = uint8(min(max(math.RoundToEven(float64(-low/q.Scale)), 0), 255))
	return q
}

// byteOf is ONNX's QuantizeLinear: saturate(round(x/scale) + zero), rounded to even; NaN gives 0.
func (q Quantization) byteOf(x float32) uint8 {
	v, zero := x/q.Scale, float32(q.Zero)
	if !(v > -zero) {
		v = -zero
	}
	if v > 255-zero {
		v = 255 - zero
	}
	return uint8(int32(math.RoundToEven(float64(v))) + int32(q.Zero))
}

// Quantize stores the bytes for src in units of 32 bits, of four or of two elements each; what is
// behind the last one does not matter.
func Quantize(units []int32, src []float32, perUnit int, q Quantization) {
	quantizeOn(active, units, src, perUnit, q)
}

func quantizeOn(k isa, units []int32, src []float32, perUnit int, q Quantization) {
	if perUnit != 2 && perUnit != 4 {
		panic(fmt.Sprintf("kernel: %d bytes in a unit", perUnit))
	}
	n := len(src)
	if n == 0 {
		return
	}
	_ = units[(n-1)/perUnit]
	done := 0
	if perUnit == 2 && k == avx512 {
		k = avx2 // which every such processor has
	}
	if lanes := k.lanes(); k != generic && n >= lanes && (perUnit == 4) == (k == avx512) {
		done = n / lanes * lanes
		k.run(quantize, &call{dst: address(&units[0]), src: address(&src[0]), n: done, floor: q.Scale,
			other: float32(q.Zero), zero: int32(q.Zero), most: 255})
	}
	bits := 32 / perUnit
	for i := done; i < n; i++ {
		u, shift := uint32(units[i/perUnit]), i%perUnit*bits
		if shift == 0 {
			u = 0
		}
		units[i/perUnit] = int32(u | uint32(q.byteOf(src[i]))<<shift)
	}
}

// Dequantize computes dst[i] = float(sums[i] - zero·columns[i])·(scale·weights[i]) + bias[i], and the maximum of that
// and 0 if relu is set: the numbers that the sums of products of bytes stand for, where columns are
// the sums of the columns of the second matrix and weights its scales.
func Dequantize(dst []float32, sums, columns []int32, weights, bias []float32, q Quantization, relu bool) {
	dequantizeOn(active, dst, sums, columns, weights, bias, q, relu)
}

func dequantizeOn(k isa, dst []float32, sums, columns []int32, weights, bias []float32, q Quantization, relu bool) {
	n := len(dst)
	if n == 0 {
		return
	}
	_, _, _, _ = sums[n-1], columns[n-1], weights[n-1], bias[n-1]
	if k != generic {
		t := call{dst: address(&dst[0]), src: address(&sums[0]), sums: address(&columns[0]), x: address(&weights[0]), y: address(&bias[0]),
			n: n, mask: k.partial(n), zero: int32(q.Zero), other: q.Scale, floor: float32(math.Inf(-1))}
		if relu {
			t.floor = 0
		}
		k.run(dequantize, &t)
		return
	}
	for i := range dst {
		v := float32(float32(sums[i]-int32(q.Zero)*columns[i])*float32(weights[i]*q.Scale)) + bias[i]
		if relu && v < 0 {
			v = 0
		}
		dst[i] = v
	}
}
