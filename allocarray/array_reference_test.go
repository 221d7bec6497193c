package allocarray_test

import (
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// dense is the slow and obvious array that operations are compared with: all
// elements in row-major order, found by walking an odometer over the indices.
type dense[T allocarray.Element] struct {
	shape []int
	data  []T
}

// each calls fn with every index of a shape in row-major order.
func each(shape []int, fn func(index []int)) {
	index := make([]int, len(shape))
	for _, d := range shape {
		if d == 0 {
			return
		}
	}
	for {
		fn(index)
		i := len(shape) - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < shape[i] {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// build makes a dense array of the values of fn.
func build[T allocarray.Element](shape []int, fn func(index []int) T) dense[T] {
	d := dense[T]{shape: slices.Clone(shape)}
	d.data = slices.Grow(d.data, product(shape))
	each(shape, func(index []int) { d.data = append(d.data, fn(index)) })
	return d
}

// read copies an array element by element through At.
func read[T allocarray.Element](a allocarray.AllocArray[T]) dense[T] {
	return build(a.Shape(), func(index []int) T { return a.At(index...) })
}

// at returns the element at an index, of which only as many numbers count as d has
// axes, from the last on; an axis of length 1 takes any number (broadcasting).
func (d dense[T]) at(index ...int) T {
	off, index := 0, index[len(index)-len(d.shape):]
	for i, n := range d.shape {
		x := index[i]
		if n == 1 {
			x = 0
		}
		off = off*n + x
	}
	return d.data[off]
}

// broadcast returns the shape that shapes broadcast to; false if they do not.
func broadcast(shapes ...[]int) (out []int, ok bool) {
	out = []int{}
	for _, s := range shapes {
		for len(out) < len(s) {
			out = slices.Insert(out, 0, 1)
		}
		for i, d := range s {
			k := len(out) - len(s) + i
			if out[k] == 1 {
				out[k] = d
			} else if d != 1 && d != out[k] {
				return nil, false
			}
		}
	}
	return out, true
}

// differs describes the first difference between an array and what it should be;
// empty if there is none.
func differs[T allocarray.Element](want dense[T], got allocarray.AllocArray[T], equal func(want, got T) bool) (text string) {
	if !slices.Equal(want.shape, got.Shape()) {
		return fmt.Sprintf("shape %v, want %v", got.Shape(), want.shape)
	}
	each(want.shape, func(index []int) {
		if w, g := want.at(index...), got.At(index...); text == "" && !equal(w, g) {
			text = fmt.Sprintf("element %v of %v is %v, want %v", index, want.shape, g, w)
		}
	})
	return text
}

// same reports equality, NaN being equal to itself.
func same[T allocarray.Element](x, y T) bool { return x == y || x != x && y != y }

// without returns a shape without one axis.
func without(shape []int, axis int) []int {
	return slices.Delete(slices.Clone(shape), axis, axis+1)
}

// with returns an index with one more number, at an axis.
func with(index []int, axis, x int) []int { return slices.Insert(slices.Clone(index), axis, x) }
