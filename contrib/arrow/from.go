package arrowscope

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// From returns the values of arr without copying them, as an array of one axis. T must be the
// type of the values: float64 for an *array.Float64. An array with nulls is an error: see
// [FromMasked].
//
// The result shares arr's memory. It is stale when the scope of mem ends, which is the Allocator
// that arr was made with; nil stands for the Go heap, and for arr's that the caller keeps from
// being released. Do not write to it unless all of arr's users expect that.
func From[T allocarray.Element](mem *Allocator, arr arrow.Array) (allocarray.AllocArray[T], error) {
	if err := refuseNulls(arr, "FromMasked"); err != nil {
		return allocarray.AllocArray[T]{}, err
	}
	return from[T](mem, arr)
}

// FromMasked is From for an array that may have nulls. It also returns a mask, with memory from
// ctx, that is 1 where there is a value and 0 where there is none. What values has there is
// undefined. FromMasked panics if memory is exhausted, as operations of package allocarray do.
func FromMasked[T allocarray.Element](ctx context.Context, mem *Allocator, arr arrow.Array) (values allocarray.AllocArray[T], valid allocarray.AllocArray[uint8], err error) {
	values, err = from[T](mem, arr)
	if err != nil {
		return values, valid, err
	}
	return values, mask(ctx, arr.Len(), arr.IsValid), nil
}

// FromBool returns a copy of a boolean array, which Arrow packs into bits, as a mask with memory
// from ctx: 1 for true, 0 for false. An array with nulls is an error: see [FromBoolMasked].
// FromBool panics if memory is exhausted.
func FromBool(ctx context.Context, arr arrow.Array) (allocarray.AllocArray[uint8], error) {
	if err := refuseNulls(arr, "FromBoolMasked"); err != nil {
		return allocarray.AllocArray[uint8]{}, err
	}
	values, _, err := fromBool(ctx, arr)
	return values, err
}

// FromBoolMasked is FromBool for an array that may have nulls, whose value is 0. It also returns
// the mask of the values that are not.
func FromBoolMasked(ctx context.Context, arr arrow.Array) (values, valid allocarray.AllocArray[uint8], err error) {
	values, b, err := fromBool(ctx, arr)
	if err != nil {
		return values, valid, err
	}
	return values, mask(ctx, b.Len(), b.IsValid), nil
}

func fromBool(ctx context.Context, arr arrow.Array) (allocarray.AllocArray[uint8], *array.Boolean, error) {
	b, ok := arr.(*array.Boolean)
	if !ok {
		return allocarray.AllocArray[uint8]{}, nil, fmt.Errorf("arrowscope: %v is not boolean", typeOf(arr))
	}
	return mask(ctx, b.Len(), func(i int) bool { return b.IsValid(i) && b.Value(i) }), b, nil
}

func mask(ctx context.Context, n int, is func(int) bool) allocarray.AllocArray[uint8] {
	m := allocarray.New[uint8](ctx, n)
	for i, data := 0, m.Data(); i < n; i++ {
		if is(i) {
			data[i] = 1
		}
	}
	return m
}

func refuseNulls(arr arrow.Array, instead string) error {
	if arr != nil && arr.NullN() > 0 {
		return fmt.Errorf("arrowscope: %d of %d values are null: use %s", arr.NullN(), arr.Len(), instead)
	}
	return nil
}

func from[T allocarray.Element](mem *Allocator, arr arrow.Array) (none allocarray.AllocArray[T], err error) {
	values, ok := valuesOf(arr).([]T)
	if !ok {
		return none, fmt.Errorf("arrowscope: values of type %v are not %T", typeOf(arr), *new(T))
	}
	return allocarray.WrapStamp(values, stampOf(mem), len(values)), nil
}

func stampOf(mem *Allocator) scope.Stamp {
	if mem == nil {
		return scope.Stamp{}
	}
	return mem.stamp
}

func typeOf(arr arrow.Array) arrow.DataType {
	if arr == nil {
		return nil
	}
	return arr.DataType()
}

// valuesOf returns the values of arr as a slice; nil if arr is not numeric.
func valuesOf(arr arrow.Array) any {
	switch arr := arr.(type) {
	case *array.Int8:
		return arr.Int8Values()
	case *array.Int16:
		return arr.Int16Values()
	case *array.Int32:
		return arr.Int32Values()
	case *array.Int64:
		return arr.Int64Values()
	case *array.Uint8:
		return arr.Uint8Values()
	case *array.Uint16:
		return arr.Uint16Values()
	case *array.Uint32:
		return arr.Uint32Values()
	case *array.Uint64:
		return arr.Uint64Values()
	case *array.Float32:
		return arr.Float32Values()
	case *array.Float64:
		return arr.Float64Values()
	}
	return nil
}
