package kernel

import "fmt"

// Number is every element type the kernels compute with. The types are exact (no ~): the dispatch to SIMD code is by
// slice type, and a named type would silently miss it.
type Number interface {
	int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32 | uint64 | uint | float32 | float64
}

// Storable is what kernels that only move elements take: the numbers, and types that are stored as 16 bits.
type Storable interface{ Number | ~uint16 }

// Float is the element types that have fractions, NaN and infinities.
type Float interface{ float32 | float64 }

// simdMin is the length under which a plain loop beats a call into the SIMD library (measured; the two meet between 8
// and 16). It is also a multiple of every register width, which the padding in logAll wants.
const simdMin = 16

// blockLength is how many elements are taken through two passes while they are in the first-level cache.
const blockLength = 2048

func isFloat[T Number](x []T) bool {
	switch any(x).(type) {
	case []float32, []float64:
		return true
	}
	return false
}

// badOp is the message for an operation number outside its list: a bug in the caller, never bad user input.
func badOp(kind string, op uint8) string { return fmt.Sprintf("kernel: unknown %s %d", kind, op) }
