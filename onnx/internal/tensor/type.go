// Package tensor has the values that flow through a graph: a type, a shape and memory.
package tensor

import "fmt"

// A Type is the type of the elements of a tensor, numbered as in the files.
type Type int32

// The types.
const (
	Undefined Type = iota
	Float
	Uint8
	Int8
	Uint16
	Int16
	Int32
	Int64
	String
	Bool
	Float16
	Double
	Uint32
	Uint64
	Complex64
	Complex128
	BFloat16
	Float8E4M3FN
	Float8E4M3FNUZ
	Float8E5M2
	Float8E5M2FNUZ
	Uint4
	Int4
	Float4E2M1
	Float8E8M0
	Uint2
	Int2
	types
)

// Sequence is the type of a list of tensors, which have no memory of their own. Files do not number it.
const Sequence Type = 1 << 16

var names = [types]string{"undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
	"float16", "double", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz",
	"float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1", "float8e8m0", "uint2", "int2"}

var bits = [types]int{Float: 32, Uint8: 8, Int8: 8, Uint16: 16, Int16: 16, Int32: 32, Int64: 64, Bool: 8, Float16: 16,
	Double: 64, Uint32: 32, Uint64: 64, Complex64: 64, Complex128: 128, BFloat16: 16, Float8E4M3FN: 8, Float8E4M3FNUZ: 8,
	Float8E5M2: 8, Float8E5M2FNUZ: 8, Uint4: 4, Int4: 4, Float4E2M1: 4, Float8E8M0: 8, Uint2: 2, Int2: 2}

// Valid reports whether t is one of the types.
func (t Type) Valid() bool { return t > Undefined && t < types }

// String returns the name of the type as ONNX's documents have it.
func (t Type) String() string {
	if t == Sequence {
		return "sequence"
	}
	if t < 0 || t >= types {
		return fmt.Sprintf("type %d", int32(t))
	}
	return names[t]
}

// Bits returns the size of an element, 0 for strings, which have none.
func (t Type) Bits() int {
	if t < 0 || t >= types {
		return 0
	}
	return bits[t]
}

// Bytes returns the size of n elements; those of less than a byte are packed.
func (t Type) Bytes(n int) int { return (n*t.Bits() + 7) / 8 }

// IsFloat reports whether t is float or double.
func (t Type) IsFloat() bool { return t == Float || t == Double }

// IsNumeric reports whether t is float, double or an integer of whole bytes.
func (t Type) IsNumeric() bool {
	switch t {
	case Float, Double, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64:
		return true
	}
	return false
}

// A Number is an element of a type that the kernels compute with.
type Number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// Of returns the type of Go's T.
func Of[T Number | bool | string]() Type {
	var v T
	switch any(v).(type) {
	case float32:
		return Float
	case float64:
		return Double
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case bool:
		return Bool
	}
	return String
}
