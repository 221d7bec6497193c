package safetensors

import (
	"encoding/binary"
	"math"
)

// chunkSize is the buffer that stored bytes pass through on their way to numbers, in bytes: a
// multiple of every element size, so that no element is split, and so small that a
// tensor is never in memory twice.
const chunkSize = 16 << 10

// chunks reads the elements piece by piece. visit gets whole elements, from element at on.
func (t Tensor) chunks(visit func(at int, stored []byte) error) error {
	chunk := make([]byte, min(chunkSize, t.Size()))
	for off := int64(0); off < t.Size(); off += int64(len(chunk)) {
		chunk = chunk[:min(int64(len(chunk)), t.Size()-off)]
		if err := t.readAt(chunk, off); err != nil {
			return err
		}
		if err := visit(int(off)/t.DType.Size(), chunk); err != nil {
			return err
		}
	}
	return nil
}

// Float32s reads the elements as float32 into a new slice. F32, F16 and BF16
// arrive exactly (a NaN as some NaN); F64 is rounded to nearest even, to infinity
// where it is out of range. Integers and booleans are an [*Error].
func (t Tensor) Float32s() ([]float32, error) {
	if float32Of(t.DType) == nil {
		return nil, t.notFloat()
	}
	values := make([]float32, t.Size()/int64(t.DType.Size()))
	if err := t.ReadFloat32s(values); err != nil {
		return nil, err
	}
	return values, nil
}

// ReadFloat32s is [Tensor.Float32s] into dst, which must have the length of the tensor. If it
// returns an error, dst may be partly written.
func (t Tensor) ReadFloat32s(dst []float32) error {
	convert := float32Of(t.DType)
	if convert == nil {
		return t.notFloat()
	}
	size := t.DType.Size()
	if n := t.Size() / int64(size); n != int64(len(dst)) {
		return t.fail("%d elements do not fit %d", n, len(dst))
	}
	return t.chunks(func(at int, stored []byte) error {
		for i := range len(stored) / size {
			dst[at+i] = convert(stored[i*size:])
		}
		return nil
	})
}

func (t Tensor) notFloat() error { return t.fail("%s cannot be read as float32", t.DType) }

// float32Of returns the decoder of one stored element, nil for no float type.
func float32Of(d DType) func([]byte) float32 {
	switch d {
	case F32:
		return func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case F64:
		return func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	case BF16:
		return func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }
	case F16:
		return func(b []byte) float32 { return float16(binary.LittleEndian.Uint16(b)) }
	}
	return nil
}

// float16 widens an IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits).
// Every value, subnormal ones included, is exact in float32.
func float16(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h) & 0x3ff
	switch exponent {
	case 0: // zero or subnormal: fraction * 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	case 0x1f: // infinity, or NaN with its payload
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
