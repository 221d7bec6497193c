package allocarray_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

func testWhere[T allocarray.Element](t *testing.T) {
	r, turn := newRand(), 0
	flags := fillWith(func() uint8 { return uint8(r.IntN(3)) }) // anything but 0 is true
	for _, pair := range shapePairs {
		for _, maskShape := range [][]int{pair[0], pair[1], {}} {
			for i, la := range sources[T]() {
				lb, lm := sources[T]()[(i+turn)%6], sources[uint8]()[(i+turn/6)%6]
				a, b, mask := la.view(pair[0], values[T](r)), lb.view(pair[1], values[T](r)), lm.view(maskShape, flags)
				x, y, m := read(a), read(b), read(mask)
				shape, _ := broadcast(x.shape, y.shape, m.shape)
				want := build(shape, func(i []int) T {
					if m.at(i...) != 0 {
						return x.at(i...)
					}
					return y.at(i...)
				})
				label := []any{"%v %s, %v %s, mask %v %s", pair[0], la.name, pair[1], lb.name, maskShape, lm.name}
				require.Empty(t, differs(want, allocarray.Where(t.Context(), mask, a, b), sameSign[T]), label...)
				turn++
				checkInto(t, turn, want, sameSign[T], func(dst allocarray.AllocArray[T]) {
					allocarray.WhereInto(dst, mask, a, b)
				}, label)
			}
		}
	}
}
