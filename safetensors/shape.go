package safetensors

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// maxInt is the largest dimension or offset that can be used on this machine.
const maxInt = math.MaxInt

// byteSize returns the bytes that shape elements of type d take. It is false
// when the product does not fit an int.
//
// Zero dimensions are left out of the product: [0, 1<<40, 1<<40] holds nothing,
// yet code that computes its strides overflows, so it is refused all the same.
func byteSize(d DType, shape []int) (int64, bool) {
	product, empty := uint64(d.Size()), false
	for _, n := range shape {
		if n < 0 {
			return 0, false
		}
		if n == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(product, uint64(n))
		if hi != 0 || lo > maxInt {
			return 0, false
		}
		product = lo
	}
	if empty {
		return 0, true
	}
	return int64(product), true
}

// shapeString is "2x3", or "scalar" for no dimensions at all. Dimensions too many to
// read are only counted: a file may have a million.
func shapeString(shape []int) string {
	if len(shape) == 0 {
		return "scalar"
	}
	if len(shape) > 16 {
		return strconv.Itoa(len(shape)) + "-dimensional"
	}
	dims := make([]string, len(shape))
	for i, n := range shape {
		dims[i] = strconv.Itoa(n)
	}
	return strings.Join(dims, "x")
}
