package arrowscope

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// To returns an Arrow array of a's elements in row-major order, without copying them. An array
// that is not contiguous is an error, and so are the types int and uint, which have no width of
// their own: convert them. For arrays of more axes see also [ToTensor].
//
// The result must not be used after the scope of a, which Arrow does not notice: see [Detach].
// To panics if that has ended already, as all uses of a do.
func To[T allocarray.Element](a allocarray.AllocArray[T]) (arrow.Array, error) {
	return to(a, nil, 0)
}

// ToMasked is To with nulls where valid is 0. The bitmap has memory from mem, which may be any
// allocator of Arrow's. An array valid of another length is an error.
func ToMasked[T allocarray.Element](mem memory.Allocator, a allocarray.AllocArray[T], valid allocarray.AllocArray[uint8]) (arrow.Array, error) {
	if valid.Len() != a.Len() {
		return nil, fmt.Errorf("arrowscope: a mask of %d for %d elements", valid.Len(), a.Len())
	}
	bitmap, set, err := bits(mem, valid)
	if err != nil {
		return nil, err
	}
	defer bitmap.Release()
	return to(a, bitmap, a.Len()-set)
}

// ToBool returns a boolean array, with memory from mem, that is true where a is not 0, in
// row-major order. It copies: Arrow packs booleans into bits.
func ToBool(mem memory.Allocator, a allocarray.AllocArray[uint8]) (*array.Boolean, error) {
	bitmap, _, err := bits(mem, a)
	if err != nil {
		return nil, err
	}
	defer bitmap.Release()
	return array.NewBoolean(a.Len(), bitmap, nil, 0), nil
}

func to[T allocarray.Element](a allocarray.AllocArray[T], validity *memory.Buffer, nulls int) (arrow.Array, error) {
	data, err := dataOf(a, validity, nulls)
	if err != nil {
		return nil, err
	}
	defer data.Release()
	return array.MakeFromData(data), nil
}

// dataOf returns the elements of a as Arrow's.
func dataOf[T allocarray.Element](a allocarray.AllocArray[T], validity *memory.Buffer, nulls int) (*array.Data, error) {
	if !a.IsContiguous() {
		return nil, fmt.Errorf("arrowscope: array of shape %v and strides %v is not contiguous: Clone it first", a.Shape(), a.Strides())
	}
	t, b := bytesOf(a.Data())
	if t == nil {
		return nil, fmt.Errorf("arrowscope: Arrow has no type for %T: convert it with allocarray.Convert", *new(T))
	}
	values := memory.NewBufferWithAllocator(b, keeper[T]{memory.DefaultAllocator, a})
	defer values.Release()
	return array.NewData(t, a.Len(), []*memory.Buffer{validity, values}, nil, nulls, 0), nil
}

// A keeper is the allocator of a buffer on the memory of an array. It keeps the array, and so
// what owns its memory outside the Go heap, reachable as long as the buffer is. Arrow asks it
// for memory if somebody makes the buffer longer.
type keeper[T allocarray.Element] struct {
	memory.Allocator
	array allocarray.AllocArray[T]
}

// bits returns a bitmap that has a 1 where mask is not 0, and how many.
func bits(mem memory.Allocator, mask allocarray.AllocArray[uint8]) (bitmap *memory.Buffer, set int, err error) {
	if !mask.IsContiguous() {
		return nil, 0, fmt.Errorf("arrowscope: mask of shape %v and strides %v is not contiguous: Clone it first", mask.Shape(), mask.Strides())
	}
	bitmap = memory.NewResizableBuffer(mem)
	bitmap.Resize(int(bitutil.BytesForBits(int64(mask.Len()))))
	clear(bitmap.Bytes())
	for i, v := range mask.Data() {
		if v != 0 {
			bitutil.SetBit(bitmap.Bytes(), i)
			set++
		}
	}
	return bitmap, set, nil
}

// bytesOf returns Arrow's type for the elements of s, and their bytes; nil if there is none.
func bytesOf(s any) (arrow.DataType, []byte) {
	switch s := s.(type) {
	case []int8:
		return arrow.PrimitiveTypes.Int8, arrow.Int8Traits.CastToBytes(s)
	case []int16:
		return arrow.PrimitiveTypes.Int16, arrow.Int16Traits.CastToBytes(s)
	case []int32:
		return arrow.PrimitiveTypes.Int32, arrow.Int32Traits.CastToBytes(s)
	case []int64:
		return arrow.PrimitiveTypes.Int64, arrow.Int64Traits.CastToBytes(s)
	case []uint8:
		return arrow.PrimitiveTypes.Uint8, s
	case []uint16:
		return arrow.PrimitiveTypes.Uint16, arrow.Uint16Traits.CastToBytes(s)
	case []uint32:
		return arrow.PrimitiveTypes.Uint32, arrow.Uint32Traits.CastToBytes(s)
	case []uint64:
		return arrow.PrimitiveTypes.Uint64, arrow.Uint64Traits.CastToBytes(s)
	case []float32:
		return arrow.PrimitiveTypes.Float32, arrow.Float32Traits.CastToBytes(s)
	case []float64:
		return arrow.PrimitiveTypes.Float64, arrow.Float64Traits.CastToBytes(s)
	}
	return nil, nil
}
