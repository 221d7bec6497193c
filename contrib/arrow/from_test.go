package arrowscope_test

import (
	"context"
	"slices"
	"testing"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowmem "github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
)

// TestBothWays: values of each type go to Arrow and come back, in the same memory.
func TestBothWays(t *testing.T) {
	bothWays[int8](t, arrow.INT8)
	bothWays[int16](t, arrow.INT16)
	bothWays[int32](t, arrow.INT32)
	bothWays[int64](t, arrow.INT64)
	bothWays[uint8](t, arrow.UINT8)
	bothWays[uint16](t, arrow.UINT16)
	bothWays[uint32](t, arrow.UINT32)
	bothWays[uint64](t, arrow.UINT64)
	bothWays[float32](t, arrow.FLOAT32)
	bothWays[float64](t, arrow.FLOAT64)
	for _, err := range []error{second(arrowscope.To(allocarray.Wrap([]int{1}))), second(arrowscope.To(allocarray.Wrap([]uint{1})))} {
		require.ErrorContains(t, err, "convert")
	}
}

func second[T any](_ T, err error) error { return err }

func bothWays[T allocarray.Element](t *testing.T, id arrow.Type) {
	inScope(t, newShared(), func(ctx context.Context, mem *arrowscope.Allocator) {
		for _, n := range []int{0, 1, 5, 1000} {
			a := allocarray.Arange[T](ctx, n)
			arr, err := arrowscope.To(a)
			require.NoError(t, err)
			require.Equal(t, id, arr.DataType().ID())
			require.Equal(t, n, arr.Len())
			require.Zero(t, arr.NullN())
			back, err := arrowscope.From[T](mem, arr)
			require.NoError(t, err)
			require.True(t, slices.Equal(a.Data(), back.Data()))
			require.True(t, n == 0 || unsafe.SliceData(a.Data()) == unsafe.SliceData(back.Data()), "copied")
			if n > 3 {
				tail, err := arrowscope.From[T](mem, array.NewSlice(arr, 2, int64(n)))
				require.NoError(t, err)
				require.Equal(t, a.Data()[2:], tail.Data())
			}
			_, err = arrowscope.From[int](mem, arr)
			require.ErrorContains(t, err, "are not int")
		}
	})
}

// TestStaleToArrow: an array whose scope has ended does not get into Arrow.
func TestStaleToArrow(t *testing.T) {
	var kept allocarray.AllocArray[float64]
	inScope(t, newShared(), func(ctx context.Context, _ *arrowscope.Allocator) { kept = allocarray.New[float64](ctx, 3) })
	require.Panics(t, func() { _, _ = arrowscope.To(kept) })
	require.Panics(t, func() { _, _ = arrowscope.ToTensor(kept) })
}

// TestNulls: they are an error unless a mask is asked for.
func TestNulls(t *testing.T) {
	inScope(t, newShared(), func(ctx context.Context, mem *arrowscope.Allocator) {
		b := array.NewInt32Builder(mem)
		b.AppendValues([]int32{1, 2, 3, 4}, []bool{true, false, true, true})
		arr := b.NewArray()
		_, err := arrowscope.From[int32](mem, arr)
		require.ErrorContains(t, err, "1 of 4 values are null: use FromMasked")

		values, valid, err := arrowscope.FromMasked[int32](ctx, mem, arr)
		require.NoError(t, err)
		require.Equal(t, []uint8{1, 0, 1, 1}, valid.Data())
		require.Equal(t, []int32{3, 4}, values.Slice(0, 2, 4).Data())
		_, _, err = arrowscope.FromMasked[int64](ctx, mem, arr)
		require.Error(t, err)

		part := array.NewSlice(arr, 2, 4) // without nulls
		values, err = arrowscope.From[int32](mem, part)
		require.NoError(t, err)
		require.Equal(t, []int32{3, 4}, values.Data())

		back, err := arrowscope.ToMasked(mem, allocarray.Wrap([]int32{1, 0, 3, 4}), valid)
		require.NoError(t, err)
		require.Equal(t, 1, back.NullN())
		require.True(t, array.Equal(arr, back))
		_, err = arrowscope.ToMasked(mem, values, valid)
		require.ErrorContains(t, err, "a mask of 4 for 2 elements")
		_, err = arrowscope.ToMasked(mem, allocarray.New[int32](ctx, 2), allocarray.New[uint8](ctx, 2, 2).Slice(1, 0, 1))
		require.ErrorContains(t, err, "not contiguous")
	})
}

// TestBooleans are copied, in both directions.
func TestBooleans(t *testing.T) {
	inScope(t, newShared(), func(ctx context.Context, mem *arrowscope.Allocator) {
		is := make([]uint8, 1000)
		for i := range is {
			is[i] = uint8(i * i % 3)
		}
		arr, err := arrowscope.ToBool(mem, allocarray.Wrap(is))
		require.NoError(t, err)
		back, err := arrowscope.FromBool(ctx, arr)
		require.NoError(t, err)
		for i, v := range is {
			require.Equal(t, v != 0, arr.Value(i))
			require.Equal(t, min(v, 1), back.At(i))
		}
		part, err := arrowscope.FromBool(ctx, array.NewSlice(arr, 3, 20))
		require.NoError(t, err)
		require.Equal(t, back.Slice(0, 3, 20).Data(), part.Data())

		b := array.NewBooleanBuilder(mem)
		b.AppendValues([]bool{true, true, false}, []bool{true, false, true})
		nulls := b.NewArray()
		_, err = arrowscope.FromBool(ctx, nulls)
		require.ErrorContains(t, err, "use FromBoolMasked")
		values, valid, err := arrowscope.FromBoolMasked(ctx, nulls)
		require.NoError(t, err)
		require.Equal(t, []uint8{1, 0, 0}, values.Data())
		require.Equal(t, []uint8{1, 0, 1}, valid.Data())

		_, err = arrowscope.FromBool(ctx, nil)
		require.ErrorContains(t, err, "not boolean")
		_, err = arrowscope.From[uint8](mem, arr)
		require.ErrorContains(t, err, "values of type bool are not uint8")
		_, err = arrowscope.ToBool(mem, allocarray.New[uint8](ctx, 4, 4).Transpose().Slice(0, 0, 2))
		require.ErrorContains(t, err, "not contiguous")
	})
}

// TestNotNumeric: other arrays are errors, however they look.
func TestNotNumeric(t *testing.T) {
	mem := arrowmem.DefaultAllocator
	for _, text := range []struct {
		kind arrow.DataType
		json string
	}{
		{arrow.BinaryTypes.String, `["a"]`}, {arrow.Null, `[null]`}, {arrow.FixedWidthTypes.Date32, `[1]`},
		{arrow.FixedWidthTypes.Float16, `[1]`}, {arrow.ListOf(arrow.PrimitiveTypes.Int64), `[[1]]`},
	} {
		arr, _, err := array.FromJSON(mem, text.kind, stringReader(text.json))
		require.NoError(t, err)
		_, _, err = arrowscope.FromMasked[int64](t.Context(), nil, arr)
		require.ErrorContains(t, err, "are not int64", text.kind)
	}
	_, err := arrowscope.From[int64](nil, nil)
	require.Error(t, err)
}

// TestNotContiguous: what has gaps is an error, and transposes are no arrays of one axis.
func TestNotContiguous(t *testing.T) {
	a := allocarray.Arange[float32](t.Context(), 6).Reshape(2, 3)
	arr, err := arrowscope.To(a)
	require.NoError(t, err)
	require.Equal(t, 6, arr.Len())
	_, err = arrowscope.To(a.Transpose())
	require.ErrorContains(t, err, "not contiguous: Clone it first")
}

// TestGrown: a buffer that Arrow makes longer leaves our array alone.
func TestGrown(t *testing.T) {
	a := allocarray.Arange[float64](t.Context(), 4)
	arr, err := arrowscope.To(a)
	require.NoError(t, err)
	buffer := arr.Data().Buffers()[1]
	buffer.Resize(1000)
	fill(buffer.Bytes(), 0xff)
	require.Equal(t, []float64{0, 1, 2, 3}, a.Data())
}
