package arrowscope

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/tensor"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// FromTensor returns a tensor's elements without copying them. Row-major and column-major tensors
// can be had, and any other whose axes may be permuted so that it is row-major without gaps; the
// rest are errors, as are nulls. For mem see [From].
func FromTensor[T allocarray.Element](mem *Allocator, t tensor.Interface) (none allocarray.AllocArray[T], err error) {
	arr := array.MakeFromData(t.Data())
	defer arr.Release()
	if err := refuseNulls(arr, "an array and FromMasked"); err != nil {
		return none, err
	}
	values, ok := valuesOf(arr).([]T)
	if !ok {
		return none, fmt.Errorf("arrowscope: elements of type %v are not %T", t.DataType(), *new(T))
	}
	if t.NumDims() > allocarray.MaxRank {
		return none, fmt.Errorf("arrowscope: a tensor of %d axes, and an array has at most %d", t.NumDims(), allocarray.MaxRank)
	}
	shape, strides, n, ok := elementsOf(t, len(values))
	order, dense := rowMajor(shape, strides)
	if !ok || !dense {
		return none, fmt.Errorf("arrowscope: %d elements are no tensor of shape %v and strides of %v bytes without gaps: copy it", len(values), t.Shape(), t.Strides())
	}
	if len(shape) == 0 {
		return allocarray.WrapStamp(values[:n], stampOf(mem), n).Squeeze(), nil
	}
	sorted, back := make([]int, len(order)), make([]int, len(order))
	for i, axis := range order {
		sorted[i], back[axis] = shape[axis], i
	}
	return allocarray.WrapStamp(values[:n], stampOf(mem), sorted...).Permute(back...), nil
}

// elementsOf returns the shape of a tensor, its strides in elements, and how many elements it has;
// false if they are more than are there.
func elementsOf(t tensor.Interface, there int) (shape, strides []int, n int, ok bool) {
	size, n := int64(widthOf(t.DataType())), 1
	if slices.Contains(t.Shape(), 0) {
		n = 0
	}
	for i, d := range t.Shape() {
		if d < 0 || int64(int(d)) != d || n > 0 && d > int64(there/n) || len(t.Strides()) != t.NumDims() || t.Strides()[i]%size != 0 {
			return nil, nil, 0, false
		}
		shape, strides = append(shape, int(d)), append(strides, int(t.Strides()[i]/size))
		n *= int(d)
	}
	return shape, strides, n, n <= there
}

// widthOf returns how many bytes an element has.
func widthOf(t arrow.DataType) int { return t.(arrow.FixedWidthDataType).BitWidth() / 8 }

// ToTensor returns a tensor of a's elements, without copying them; transposes too. An array with
// gaps, or one that repeats elements, is an error. There are as many names as axes, or none. For
// the types of elements and their lifetime see [To].
func ToTensor[T allocarray.Element](a allocarray.AllocArray[T], names ...string) (tensor.Interface, error) {
	if len(names) > 0 && len(names) != a.Rank() {
		return nil, fmt.Errorf("arrowscope: %d names for %d axes", len(names), a.Rank())
	}
	order, ok := rowMajor(a.Shape(), a.Strides())
	if !ok {
		return nil, fmt.Errorf("arrowscope: array of shape %v and strides %v has gaps: Clone it first", a.Shape(), a.Strides())
	}
	data, err := dataOf(a.Permute(order...), nil, 0)
	if err != nil {
		return nil, err
	}
	defer data.Release()
	shape, strides := make([]int64, a.Rank()), make([]int64, a.Rank())
	for i := range shape {
		shape[i] = int64(a.Dim(i))
		strides[i] = int64(a.Strides()[i]) * int64(widthOf(data.DataType()))
	}
	return tensor.New(data, shape, strides, names), nil
}

// rowMajor returns in which order the axes make an array row-major; false if it has gaps then,
// or repeats elements.
func rowMajor(shape, strides []int) (order []int, ok bool) {
	order = make([]int, len(shape))
	for i := range order {
		order[i] = i
	}
	if slices.Contains(shape, 0) {
		return order, true
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(strides[j], strides[i]) })
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(min(shape[i], 2), min(shape[j], 2)) })
	next := 1
	for _, axis := range slices.Backward(order) {
		if shape[axis] > 1 && strides[axis] != next {
			return order, false
		}
		next *= shape[axis]
	}
	return order, true
}
