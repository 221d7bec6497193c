package tensor

import (
	"fmt"
	"math"
	"strings"
	"unsafe"
)

// A Tensor has its elements in row-major order without gaps: in Data, aligned to the size of an
// element, or, those of type String, in Strings. Elements of type Bool are bytes of 0 or 1; those of
// less than a byte are packed, the first one lowest.
type Tensor struct {
	Type    Type
	Shape   []int
	Data    []byte
	Strings []string
	Items   []Tensor // of a Sequence, whose shape is their number
}

// New returns a tensor of zeros on the Go heap.
func New(t Type, shape ...int) *Tensor {
	x := &Tensor{Type: t, Shape: shape}
	if n := Count(shape); t == String {
		x.Strings = make([]string, n)
	} else {
		x.Data = Bytes(t.Bytes(n))
	}
	return x
}

// Bytes returns n bytes on the Go heap, aligned for every type.
func Bytes(n int) []byte {
	words := make([]complex128, (n+15)/16)
	// The words are at least n bytes long.
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), n)
}

// From returns a tensor on the slice s. It panics if s is not as long as the shape says.
func From[T Number](s []T, shape ...int) *Tensor {
	if len(s) != Count(shape) {
		panic(fmt.Sprintf("tensor: %d elements for shape %v", len(s), shape))
	}
	return &Tensor{Type: Of[T](), Shape: shape, Data: AsBytes(s)}
}

// Ints returns a vector of int64.
func Ints(v ...int64) *Tensor { return From(v, len(v)) }

// AsBytes returns the memory of s.
func AsBytes[T Number | bool](s []T) []byte {
	var v T
	// The bytes of the elements, no more.
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(v)))
}

// As returns data as elements of T. It must be aligned for T.
func As[T Number](data []byte) []T {
	var v T
	// No more elements than there are bytes for.
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/int(unsafe.Sizeof(v)))
}

// Slice returns the elements of x, whose type has the size of T.
func Slice[T Number](x *Tensor) []T { return As[T](x.Data) }

// Aligned reports whether data begins at a multiple of size.
func Aligned(data []byte, size int) bool {
	return len(data) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(data)))%uintptr(size) == 0
}

// Len returns the number of elements.
func (x *Tensor) Len() int { return Count(x.Shape) }

// Rank returns the number of axes.
func (x *Tensor) Rank() int { return len(x.Shape) }

// String describes x without its elements, as in float[1,3,224,224].
func (x *Tensor) String() string { return x.Type.String() + ShapeText(x.Shape) }

// Integers returns the elements of a tensor of integers or of Bool.
func (x *Tensor) Integers() ([]int, error) {
	switch x.Type {
	case Int64:
		return convert[int64](x), nil
	case Int32:
		return convert[int32](x), nil
	case Int16:
		return convert[int16](x), nil
	case Int8:
		return convert[int8](x), nil
	case Uint8, Bool:
		return convert[uint8](x), nil
	case Uint16:
		return convert[uint16](x), nil
	case Uint32:
		return convert[uint32](x), nil
	case Uint64:
		return convert[uint64](x), nil
	}
	return nil, fmt.Errorf("is %v, want integers", x.Type)
}

func convert[T Number](x *Tensor) []int {
	s := Slice[T](x)
	v := make([]int, len(s))
	for i, e := range s {
		v[i] = int(e)
	}
	return v
}

// Count returns the number of elements of a shape.
func Count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// maxAround is how large the other extents of a tensor without elements may be: loops over them go through
// nothing, but they go.
const maxAround = 1 << 31

// CheckedCount is [Count] for shapes that are not to be trusted: ok is false if an extent is negative or
// the elements, of bits each, would be more than memory can have. Of a tensor without elements the product
// of the other extents is at most 1<<31.
func CheckedCount(shape []int, bits int) (n int, ok bool) {
	n, empty := 1, false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, false
		case d == 0:
			empty = true
		case n > math.MaxInt/16/max(bits, 8)/d:
			return 0, false
		default:
			n *= d
		}
	}
	if empty {
		return 0, uint(n) <= maxAround
	}
	return n, true
}

// ShapeText writes a shape, as in [1,3,224,224].
func ShapeText(shape []int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range shape {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, d)
	}
	b.WriteByte(']')
	return b.String()
}
