package arrowscope_test

import (
	"context"
	"testing"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/arrow/tensor"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
)

// TestTensorsBothWays: arrays with any order of axes become tensors and come back, in the same memory.
func TestTensorsBothWays(t *testing.T) {
	tensors[int8](t)
	tensors[int16](t)
	tensors[int32](t)
	tensors[int64](t)
	tensors[uint8](t)
	tensors[uint16](t)
	tensors[uint32](t)
	tensors[uint64](t)
	tensors[float32](t)
	tensors[float64](t)
}

func tensors[T allocarray.Element](t *testing.T) {
	inScope(t, newShared(), func(ctx context.Context, mem *arrowscope.Allocator) {
		cube := allocarray.Arange[T](ctx, 24).Reshape(2, 3, 4)
		for name, a := range map[string]allocarray.AllocArray[T]{
			"scalar":    allocarray.Full(ctx, T(3)),
			"vector":    allocarray.Arange[T](ctx, 5),
			"one":       allocarray.Arange[T](ctx, 1),
			"cube":      cube,
			"transpose": cube.Transpose(),
			"permuted":  cube.Permute(1, 2, 0),
			"flat":      cube.Reshape(4, 1, 6, 1).Transpose(),
			"rows":      cube.Slice(0, 1, 2),
			"empty":     allocarray.New[T](ctx, 3, 0, 2),
		} {
			tens, err := arrowscope.ToTensor(a)
			require.NoError(t, err, name)
			require.Equal(t, a.Len(), tens.Len(), name)
			back, err := arrowscope.FromTensor[T](mem, tens)
			require.NoError(t, err, name)
			require.Equal(t, a.Shape(), back.Shape(), name)
			require.Equal(t, a.Clone(ctx).Data(), back.Clone(ctx).Data(), name)
			if a.IsContiguous() && a.Len() > 0 {
				require.Same(t, unsafe.SliceData(a.Data()), unsafe.SliceData(back.Data()), name)
			}
		}
	})
}

// TestTensorValues: Arrow reads the elements where we do.
func TestTensorValues(t *testing.T) {
	a := allocarray.Arange[float64](t.Context(), 6).Reshape(2, 3).Transpose()
	tens, err := arrowscope.ToTensor(a, "x", "y")
	require.NoError(t, err)
	require.True(t, tens.IsColMajor())
	require.Equal(t, []string{"x", "y"}, tens.DimNames())
	for i := range 3 {
		for j := range 2 {
			require.Equal(t, a.At(i, j), tens.(*tensor.Float64).Value([]int64{int64(i), int64(j)}))
		}
	}
	_, err = arrowscope.ToTensor(a, "x")
	require.ErrorContains(t, err, "1 names for 2 axes")
	_, err = arrowscope.ToTensor(allocarray.Wrap([]int{1}))
	require.ErrorContains(t, err, "no type for int")
}

// TestTensorGaps: tensors and arrays with gaps or repetitions are errors.
func TestTensorGaps(t *testing.T) {
	a := allocarray.Arange[int64](t.Context(), 24).Reshape(4, 6)
	for _, view := range []allocarray.AllocArray[int64]{a.Slice(1, 0, 3), a.SliceStep(0, 0, 4, 2), a.Index(0, 1).Broadcast(3, 6)} {
		_, err := arrowscope.ToTensor(view)
		require.ErrorContains(t, err, "Clone it first")
	}
	data := func(n int, nulls int) *array.Data {
		b := make([]int64, n)
		validity := []byte{0xff, 0xff, 0xff, 0x0f}
		for i := range nulls {
			validity[0] &^= 1 << i
		}
		return array.NewData(arrow.PrimitiveTypes.Int64, n, []*memory.Buffer{memory.NewBufferBytes(validity),
			memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(b))}, nil, nulls, 0)
	}
	for name, bad := range map[string]tensor.Interface{
		"gap":       tensor.New(data(12, 0), []int64{2, 3}, []int64{48, 8}, nil),
		"repeats":   tensor.New(data(12, 0), []int64{2, 3}, []int64{0, 8}, nil),
		"backwards": tensor.New(data(12, 0), []int64{3}, []int64{-8}, nil),
		"odd":       tensor.New(data(12, 0), []int64{3}, []int64{9}, nil),
		"short":     tensor.New(data(5, 0), []int64{2, 3}, nil, nil),
		"overflow":  tensor.New(data(8, 0), []int64{1 << 32, 1 << 32}, []int64{8, 8}, nil),
		"negative":  tensor.New(data(8, 0), []int64{-2, -4}, []int64{32, 8}, nil),
		"strides":   tensor.New(data(8, 0), []int64{2, 4}, []int64{8}, nil),
		"deep":      tensor.New(data(1, 0), make([]int64, 9), make([]int64, 9), nil),
		"nulls":     tensor.New(data(6, 2), []int64{2, 3}, nil, nil),
	} {
		_, err := arrowscope.FromTensor[int64](nil, bad)
		require.Error(t, err, name)
	}
	good := tensor.New(data(6, 0), []int64{2, 3}, nil, nil)
	_, err := arrowscope.FromTensor[int32](nil, good)
	require.ErrorContains(t, err, "elements of type int64 are not int32")
	_, err = arrowscope.FromTensor[int64](nil, good)
	require.NoError(t, err)
}
