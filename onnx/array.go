package onnx

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Number lists the Go types of elements that arrays have, too.
type Number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// FromArray returns a tensor that shares the elements of a, and their scope: it is a result of package nn, say, or what such a
// package made ready. It panics if a has gaps, as a transposed array has, or more than [MaxRank] axes.
func FromArray[T Number](a allocarray.AllocArray[T]) Tensor {
	if !a.IsContiguous() {
		panic(fmt.Sprintf("onnx: FromArray of an array with gaps, of shape %v; see AllocArray.Clone", a.Shape()))
	}
	t := From(a.Data(), a.Shape()...)
	t.stamp = a.Stamp()
	return t
}

// Array returns an array that shares the elements of t, an output or what [FromArray] made, and their scope. It panics as
// [Data] does.
func Array[T Number](t Tensor) allocarray.AllocArray[T] {
	if t.typ != tensor.Of[T]() {
		var v T
		panic(fmt.Sprintf("onnx: Array[%T] of %v", v, t))
	}
	if t.rank == 0 {
		return allocarray.WrapStamped(Data[T](t), t.stamp, 1).Reshape()
	}
	return allocarray.WrapStamped(Data[T](t), t.stamp, t.dims[:t.rank]...)
}
