package ops_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// TestEinsum compares equations, random ones and products of matrices in all orders, with sums over all labels.
func TestEinsum(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 3))
		extents := map[byte]int{}
		var all []byte
		for l := byte('a'); l < 'f'; l++ {
			extents[l] = 1 + r.IntN(4)
		}
		var sides []string
		for range 1 + r.IntN(3) {
			side := ""
			for range r.IntN(5) {
				l := byte('a' + r.IntN(5))
				if side += string(l); !slices.Contains(all, l) {
					all = append(all, l)
				}
			}
			sides = append(sides, side)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testEinsum(t, r, sides, string(all[:r.IntN(len(all)+1)]), extents) })
	}
	for _, equation := range []string{"ab,bc->ac", "ab,cb->ac", "ab,cb->ca", "ba,bc->ca", "eij,ejk->eik", "eij,ekj->eki", "ehid,ehjd->ehij",
		"ehid,ehjd->ehji", "ehid,ehjd->eijh", "abc,cd->abd", "ij,ejk->eki", "ab,b->a"} {
		left, out, _ := strings.Cut(equation, "->")
		extents := map[byte]int{}
		for i, l := range []byte("abcdehijk") {
			extents[l] = 2 + i%4
		}
		t.Run(equation, func(t *testing.T) { testEinsum(t, rand.New(rand.NewPCG(1, 4)), strings.Split(left, ","), out, extents) })
	}
}

func testEinsum(t *testing.T, r *rand.Rand, sides []string, out string, extents map[byte]int) {
	var in []*tensor.Tensor
	var all []byte
	n, size := 1, 1
	for _, side := range sides {
		var shape []int
		for _, l := range []byte(side) {
			if shape = append(shape, extents[l]); !slices.Contains(all, l) {
				all = append(all, l)
				n *= extents[l]
			}
		}
		in = append(in, random[float64](r, shape...))
	}
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
	equation := strings.Join(sides, ",") + "->" + out
	near[float64](t, want, compute(t, "Einsum", 12, map[string]any{"equation": equation}, 1, false, in...)[0], equation)
}
