package ops_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// TestEinsum compares random equations with sums over all labels.
func TestEinsum(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 3))
		extents := map[byte]int{}
		for l := byte('a'); l < 'f'; l++ {
			extents[l] = 1 + r.IntN(4)
		}
		var sides []string
		var in []*tensor.Tensor
		var all []byte
		for range 1 + r.IntN(3) {
			side := ""
			var shape []int
			for range r.IntN(5) {
				l := byte('a' + r.IntN(5))
				side += string(l)
				shape = append(shape, extents[l])
				if !slices.Contains(all, l) {
					all = append(all, l)
				}
			}
			sides, in = append(sides, side), append(in, random[float64](r, shape...))
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		out := string(all[:r.IntN(len(all)+1)])
		equation := strings.Join(sides, ",") + "->" + out
		n := 1
		for _, l := range all {
			n *= extents[l]
		}
		size := 1
		for _, l := range []byte(out) {
			size *= extents[l]
		}
		want := make([]float64, size)
		for i := range n {
			index := map[byte]int{}
			for _, l := range all {
				index[l] = i % extents[l]
				i /= extents[l]
			}
			offset := func(labels string) (at int) {
				for _, l := range []byte(labels) {
					at = at*extents[l] + index[l]
				}
				return at
			}
			v := 1.0
			for k, side := range sides {
				v *= tensor.Slice[float64](in[k])[offset(side)]
			}
			want[offset(out)] += v
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			near[float64](t, want, compute(t, "Einsum", 12, map[string]any{"equation": equation}, 1, false, in...)[0], equation)
		})
	}
}
