package allocarray_test

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// A layout is a way for an array of some shape to lie in memory. It takes its
// elements from memory of any size.
type layout[T allocarray.Element] struct {
	name string
	view func(shape []int, memory func(n int) []T) allocarray.AllocArray[T]
}

// destinations are the layouts that may be written to.
func destinations[T allocarray.Element]() []layout[T] {
	return []layout[T]{
		{"row-major", func(shape []int, memory func(int) []T) allocarray.AllocArray[T] {
			return filled(shape, memory)
		}},
		{"transposed", func(shape []int, memory func(int) []T) allocarray.AllocArray[T] {
			reversed := slices.Clone(shape)
			slices.Reverse(reversed)
			return filled(reversed, memory).Transpose()
		}},
		{"stepped", func(shape []int, memory func(int) []T) allocarray.AllocArray[T] {
			return cut(shape, memory, 1, 2)
		}},
		{"sliced", func(shape []int, memory func(int) []T) allocarray.AllocArray[T] {
			return cut(shape, memory, 1, 1)
		}},
		{"rotated", rotated[T]},
	}
}

// sources adds the layouts that can only be read.
func sources[T allocarray.Element]() []layout[T] {
	return append(destinations[T](), layout[T]{"broadcast", func(shape []int, memory func(int) []T) allocarray.AllocArray[T] {
		base := slices.Clone(shape)
		if len(base) > 0 {
			base[len(base)/2] = 1
		}
		return filled(base, memory).Broadcast(shape...)
	}})
}

// filled wraps fresh memory; a scalar is an element in the middle of a vector.
func filled[T allocarray.Element](shape []int, memory func(int) []T) allocarray.AllocArray[T] {
	if len(shape) == 0 {
		return allocarray.Wrap(memory(3)).Index(0, 1)
	}
	return allocarray.Wrap(memory(product(shape)), shape...)
}

// cut is a view with every step-th element from the offset on along the first axis
// and the last two.
func cut[T allocarray.Element](shape []int, memory func(int) []T, offset, step int) allocarray.AllocArray[T] {
	base, inner := slices.Clone(shape), func(i int) bool { return 0 < i && i < len(shape)-2 }
	for i, d := range base {
		if !inner(i) {
			base[i] = d*step + offset + 1
		}
	}
	a := filled(base, memory)
	for i, d := range shape {
		if !inner(i) {
			a = a.SliceStep(i, offset, offset+d*step, step)
		}
	}
	return a
}

// rotated permutes the axes by one.
func rotated[T allocarray.Element](shape []int, memory func(int) []T) allocarray.AllocArray[T] {
	if len(shape) == 0 {
		return filled(shape, memory)
	}
	axes, base := make([]int, len(shape)), make([]int, len(shape))
	for i := range shape {
		axes[i] = (i + 1) % len(shape)
		base[axes[i]] = shape[i]
	}
	return filled(base, memory).Permute(axes...)
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// shapes has every rank, the lengths at which kernels change their method, and
// empty axes in all places.
var shapes = [][]int{
	{}, {0}, {1}, {2}, {3}, {7}, {17}, {2, 3}, {3, 1}, {1, 7}, {0, 3}, {3, 0}, {7, 17}, {2, 3, 7}, {3, 0, 2},
	{2, 1, 3, 2}, {1, 2, 1, 3, 2}, {2, 1, 2, 3, 1, 2}, {2, 1, 2, 1, 3, 2, 1, 2}, {1, 1, 1, 1, 1, 1, 1, 1},
}

// shapePairs broadcast to one another.
var shapePairs = [][2][]int{
	{{}, {}}, {{}, {3}}, {{3}, {1}}, {{17}, {17}}, {{2, 3}, {3}}, {{2, 1}, {1, 3}}, {{7, 17}, {}}, {{0, 3}, {3}},
	{{1}, {0}}, {{17, 1}, {1, 7}}, {{2, 1, 3}, {7, 1}}, {{2, 3, 7}, {2, 3, 7}}, {{3, 2, 1, 2, 1, 3}, {2, 1}},
	{{2, 1, 2, 3, 1, 2}, {2, 1, 2, 3, 1, 2}}, {{2, 0}, {2, 1}}, {{3, 1, 0}, {2, 1}}, {{2, 1, 2, 1, 1, 2, 1, 3}, {2, 3, 1, 2, 1}},
}

// newRand returns numbers that are the same in every run.
func newRand() *rand.Rand { return rand.New(rand.NewPCG(7, 11)) }

// values returns memory of random numbers: of integers all, often small and seldom
// 0; of floats ordinary ones with infinities, NaN, zeros of both signs and the ends
// of the range in between.
func values[T allocarray.Element](r *rand.Rand) func(int) []T {
	return fillWith(func() T { return randomValue[T](r) })
}

// nonZero is values without zeros, to divide by.
func nonZero[T allocarray.Element](r *rand.Rand) func(int) []T {
	return fillWith(func() T {
		if v := randomValue[T](r); v != 0 {
			return v
		}
		return 1
	})
}

// whole returns memory of small integers, whose sums and products are exact in
// every type that does not wrap.
func whole[T allocarray.Element](r *rand.Rand) func(int) []T {
	return fillWith(func() T { return T(r.IntN(8)) - T(r.IntN(8)) })
}

func fillWith[T allocarray.Element](next func() T) func(int) []T {
	return func(n int) []T {
		s := make([]T, n)
		for i := range s {
			s[i] = next()
		}
		return s
	}
}

func randomValue[T allocarray.Element](r *rand.Rand) T {
	var v T
	switch p := any(&v).(type) {
	case *float32:
		*p = float32(randomFloat(r, math.MaxFloat32))
	case *float64:
		*p = randomFloat(r, math.MaxFloat64)
	default:
		if v = T(r.Uint64()); r.IntN(2) == 0 {
			v = T(r.IntN(9)) - 4
		}
	}
	return v
}

func randomFloat(r *rand.Rand, largest float64) float64 {
	special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), largest, -largest}
	if i := r.IntN(5 * len(special)); i < len(special) {
		return special[i]
	}
	return r.NormFloat64() * 10
}

// poison returns memory that an operation must not have read: NaN, or garbage.
func poison[T allocarray.Element](n int) []T {
	s := make([]T, n)
	for i := range s {
		switch p := any(&s[i]).(type) {
		case *float32:
			*p = float32(math.NaN())
		case *float64:
			*p = math.NaN()
		default:
			s[i] = T(101 + i)
		}
	}
	return s
}
