package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// A Number is a Go type that tensors can have as elements: of each [DType] but F16 and BF16.
type Number interface {
	float64 | float32 | int64 | int32 | int16 | int8 | uint64 | uint32 | uint16 | uint8 | bool
}

// dtypeOf returns the DType whose elements are of type T.
func dtypeOf[T Number]() DType {
	switch any(*new(T)).(type) {
	case float64:
		return F64
	case float32:
		return F32
	case int64:
		return I64
	case int32:
		return I32
	case int16:
		return I16
	case int8:
		return I8
	case uint64:
		return U64
	case uint32:
		return U32
	case uint16:
		return U16
	case uint8:
		return U8
	}
	return Bool
}

// From returns a tensor for [Encode] on values, which are in row-major order. It keeps values
// and copies shape; Encode converts the values piece by piece, as it writes them. Whether they
// fit the shape is checked by Encode.
func From[T Number](name string, shape []int, values []T) Tensor {
	d := dtypeOf[T]()
	r := io.NewSectionReader(numbers[T]{values, d.Size()}, 0, int64(len(values))*int64(d.Size()))
	return Tensor{Name: name, DType: d, Shape: slices.Clone(shape), data: r}
}

// numbers reads values in file order.
type numbers[T Number] struct {
	values []T
	size   int // of an element, in bytes
}

// ReadAt fills p from the byte off on.
func (n numbers[T]) ReadAt(p []byte, off int64) (done int, err error) {
	for at := int(off); done < len(p); at = int(off) + done {
		i, skip := at/n.size, at%n.size
		whole := min((len(p)-done)/n.size, len(n.values)-i)
		switch {
		case i >= len(n.values):
			return done, io.EOF
		case skip == 0 && whole > 0:
			encode(p[done:], n.values[i:i+whole])
			done += whole * n.size
		default: // part of an element
			var one [8]byte
			encode(one[:], n.values[i:i+1])
			done += copy(p[done:], one[skip:n.size])
		}
	}
	return done, nil
}

// encode stores values in file order. There is room for them.
func encode[T Number](p []byte, values []T) {
	if _, err := binary.Encode(p, binary.LittleEndian, values); err != nil {
		panic(fmt.Sprintf("safetensors: %d bytes for %d %T: %v", len(p), len(values), values, err))
	}
}

// Values reads the elements into a new slice. Their type must be T's: for floats of another
// size see [Tensor.Float32s]. Another type, and a BOOL that is neither 0 nor 1, are an [*Error].
func Values[T Number](t Tensor) ([]T, error) {
	if d := dtypeOf[T](); t.DType != d {
		return nil, t.fail("elements are %s, not %s", t.DType, d)
	}
	values := make([]T, t.Size()/int64(t.DType.Size()))
	err := t.chunks(func(at int, stored []byte) error {
		if t.DType == Bool {
			for i, b := range stored {
				if b > 1 {
					return t.fail("element %d is %d, no BOOL", at+i, b)
				}
			}
		}
		n := len(stored) / t.DType.Size()
		if _, err := binary.Decode(stored, binary.LittleEndian, values[at:at+n]); err != nil {
			return t.fail("%v", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}
