package onnx

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Type is the type of the elements of a tensor, numbered as in the files.
type Type int32

// The types of elements that have a Go type.
const (
	Float32 = Type(tensor.Float)
	Float64 = Type(tensor.Double)
	Int8    = Type(tensor.Int8)
	Int16   = Type(tensor.Int16)
	Int32   = Type(tensor.Int32)
	Int64   = Type(tensor.Int64)
	Uint8   = Type(tensor.Uint8)
	Uint16  = Type(tensor.Uint16)
	Uint32  = Type(tensor.Uint32)
	Uint64  = Type(tensor.Uint64)
	Bool    = Type(tensor.Bool)
	String  = Type(tensor.String)
)

// String returns ONNX's name of the type, as in float or int64.
func (t Type) String() string { return tensor.Type(t).String() }

// Element lists the Go types of elements.
type Element interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64 | bool | string
}

// MaxRank is the largest number of axes of an input or output.
const MaxRank = 8

// A Tensor is an input or output of a run: elements in row-major order, and a shape. It is a value; copies
// share the elements. The zero Tensor is none.
//
// The elements of an output live as long as the scope of the context that [Program.Run] was given.
// Those of an input are the caller's slice.
type Tensor struct {
	name  string
	data  unsafe.Pointer // the first of n elements of typ, aligned for it
	n     int
	typ   tensor.Type
	rank  int
	dims  [MaxRank]int
	stamp scope.Stamp
}

// From returns a tensor of a shape on the slice s, without copying it. It panics if s is not as long as the
// shape says, or the shape has more than [MaxRank] axes.
func From[T Element](s []T, shape ...int) Tensor {
	if n, ok := tensor.CheckedCount(shape, 128); !ok || n != len(s) || len(shape) > MaxRank {
		panic(fmt.Sprintf("onnx: From: %d elements for shape %v", len(s), slices.Clone(shape)))
	}
	t := Tensor{data: unsafe.Pointer(unsafe.SliceData(s)), n: len(s), typ: tensor.Of[T](), rank: len(shape)}
	copy(t.dims[:], shape)
	return t
}

// Named returns t under a name: as the input of that name, see [Program.Run].
func (t Tensor) Named(name string) Tensor {
	t.name = name
	return t
}

// Name returns the name of an output, or what [Tensor.Named] was given.
func (t Tensor) Name() string { return t.name }

// Type returns the type of the elements.
func (t Tensor) Type() Type { return Type(t.typ) }

// Rank returns the number of axes.
func (t Tensor) Rank() int { return t.rank }

// Dim returns the extent of an axis. It panics if there is no such axis.
func (t Tensor) Dim(axis int) int { return t.dims[:t.rank][axis] }

// Shape returns the extents of all axes, a copy.
func (t Tensor) Shape() []int { return slices.Clone(t.dims[:t.rank]) }

// Len returns the number of elements.
func (t Tensor) Len() int { return t.n }

// String describes t without its elements, as in float[1,3,224,224].
func (t Tensor) String() string { return t.typ.String() + tensor.ShapeText(t.Shape()) }

// Data returns the elements of t, which are of type T; those of an output must not be used after
// the end of its scope. It panics if they are of another type, and with a *[scope.StaleError] if
// the scope has ended.
func Data[T Element](t Tensor) []T {
	if t.typ != tensor.Of[T]() {
		var v T
		panic(fmt.Sprintf("onnx: Data[%T] of %v", v, t))
	}
	if !t.stamp.Live() {
		panic(stale("Data of ", &t))
	}
	// There are n elements of this type.
	return unsafe.Slice((*T)(t.data), t.n)
}

// lend fills x with t, for the time of a run.
func (t *Tensor) lend(x *tensor.Tensor) {
	x.Type, x.Shape, x.Data, x.Strings = t.typ, t.dims[:t.rank], nil, nil
	if t.typ == tensor.String {
		x.Strings = unsafe.Slice((*string)(t.data), t.n)
		return
	}
	// The elements have so many bytes.
	x.Data = unsafe.Slice((*byte)(t.data), t.typ.Bytes(t.n))
}

// output returns o, under a name.
func output(name string, o *engine.Output) (Tensor, error) {
	if o.Rank() > MaxRank {
		return Tensor{}, fmt.Errorf("onnx: output %q of rank %d, at most %d axes can be returned", name, o.Rank(), MaxRank)
	}
	t := Tensor{name: name, n: o.Len(), typ: o.Type, rank: o.Rank(), stamp: o.Stamp, data: unsafe.Pointer(unsafe.SliceData(o.Data))}
	if o.Type == tensor.String {
		t.data = unsafe.Pointer(unsafe.SliceData(o.Strings))
	}
	copy(t.dims[:], o.Shape)
	return t, nil
}

func dimsText(d []proto.Dim) string { return engine.DimsText(d) }

func stale(what string, t *Tensor) error {
	return scope.NewStaleError("onnx: "+what+t.String(), t.stamp, "copy it before the scope ends")
}
