package plan_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/plan"
)

// random returns a problem of n small blocks; some have alignments, some are fixed.
func random(r *rand.Rand, n int) plan.Problem {
	var p plan.Problem
	top := int64(0)
	for range n {
		from := r.Int64N(8)
		b := plan.Block{Size: r.Int64N(9), From: from, To: from + r.Int64N(5)}
		if r.IntN(4) == 0 {
			b.Align = 1 << r.IntN(3)
		}
		if r.IntN(8) == 0 { // above one another, so that they can be fixed there
			b.Fixed, b.Offset = true, (top+3)&^3+4*r.Int64N(2)
			top = b.Offset + b.Size
		}
		p.Blocks = append(p.Blocks, b)
	}
	return p
}

// naive compares every pair of blocks.
func naive(p plan.Problem, offsets []int64) bool {
	for i, a := range p.Blocks {
		for k, b := range p.Blocks[:i] {
			lives := max(a.From, b.From) < min(a.To, b.To)
			bytes := max(offsets[i], offsets[k]) < min(offsets[i]+a.Size, offsets[k]+b.Size)
			pair := slices.Contains(p.InPlace, plan.Pair{In: i, Out: k}) || slices.Contains(p.InPlace, plan.Pair{In: k, Out: i})
			if lives && bytes && !(pair && offsets[i] == offsets[k]) {
				return false
			}
		}
		if offsets[i] < 0 || a.Align > 0 && offsets[i]%a.Align != 0 || a.Fixed && offsets[i] != a.Offset {
			return false
		}
	}
	return true
}

// best returns the smallest peak by placing blocks in every order, each as low as it can
// be: one of these orders is that of the offsets of a best plan.
func best(p plan.Problem) int64 {
	offsets, placed := make([]int64, len(p.Blocks)), make([]bool, len(p.Blocks))
	free := func(i int, at int64) (next int64) { // the least offset from at on that may do
		for k, b := range p.Blocks {
			a := p.Blocks[i]
			if placed[k] && max(a.From, b.From) < min(a.To, b.To) && max(at, offsets[k]) < min(at+a.Size, offsets[k]+b.Size) {
				return offsets[k] + b.Size
			}
		}
		return at
	}
	smallest := int64(1) << 60
	var walk func(n int, peak int64)
	walk = func(n int, peak int64) {
		if peak >= smallest {
			return
		}
		if n == len(p.Blocks) {
			smallest = peak
			return
		}
		for i, b := range p.Blocks {
			if placed[i] || b.Size == 0 || b.From == b.To {
				continue
			}
			var at int64
			for {
				align := max(b.Align, 1)
				at = (at + align - 1) / align * align
				next := free(i, at)
				if next == at {
					break
				}
				at = next
			}
			offsets[i], placed[i] = at, true
			walk(n+1, max(peak, at+b.Size))
			placed[i] = false
		}
	}
	n, peak := 0, int64(0)
	for i, b := range p.Blocks {
		switch {
		case b.Size == 0 || b.From == b.To:
			n++
		case b.Fixed:
			offsets[i], placed[i] = b.Offset, true
			n, peak = n+1, max(peak, b.Offset+b.Size)
		}
	}
	walk(n, peak)
	return smallest
}

// Search ends with the optimum, and says so.
func TestSearchIsExact(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 60
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		p := random(r, 1+r.IntN(7))
		got, err := plan.Search(context.Background(), p)
		require.NoError(t, err, "seed %d", seed)
		assert.Equal(t, best(p), got.Peak, "seed %d: %+v", seed, p.Blocks)
		assert.True(t, got.Proved(), "seed %d", seed)
		bound, err := plan.LowerBound(p)
		require.NoError(t, err)
		assert.LessOrEqual(t, bound, got.Bound, "seed %d", seed)
	}
}

// Every plan is one, by a check of every pair too.
func TestPlansAreSound(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	if given, err := strconv.Atoi(os.Getenv("ALLOCARRAYS_PROGRAMS")); err == nil {
		n = given
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		p := withPairs(r, random(r, 2+r.IntN(30)))
		got, err := plan.Pack(p)
		require.NoError(t, err, "seed %d", seed)
		require.True(t, naive(p, got.Offsets), "seed %d: %+v at %v", seed, p, got.Offsets)
		bound, err := plan.LowerBound(p)
		require.NoError(t, err)
		require.LessOrEqual(t, bound, got.Peak, "seed %d: %+v", seed, p)
		var peak int64
		for i, b := range p.Blocks {
			if b.Size > 0 && b.From < b.To {
				peak = max(peak, got.Offsets[i]+b.Size)
			}
		}
		require.Equal(t, peak, got.Peak, "seed %d", seed)
	}
}

// withPairs adds all pairs that may be computed in place.
func withPairs(r *rand.Rand, p plan.Problem) plan.Problem {
	for i, in := range p.Blocks {
		for k, out := range p.Blocks {
			if i != k && in.To-1 == out.From && out.Size <= in.Size && in.Size > 0 && out.Size > 0 && in.From < in.To && out.From < out.To && r.IntN(2) == 0 {
				p.InPlace = append(p.InPlace, plan.Pair{In: i, Out: k})
			}
		}
	}
	return p
}

// Check says what a check of every pair says, of random offsets too.
func TestCheckIsComplete(t *testing.T) {
	var good, bad int
	for seed := range 20_000 {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		p := withPairs(r, random(r, 2+r.IntN(4)))
		offsets := make([]int64, len(p.Blocks))
		for i, b := range p.Blocks {
			if offsets[i] = r.Int64N(20); b.Fixed {
				offsets[i] = b.Offset
			}
		}
		err := plan.Check(p, offsets)
		require.Equal(t, naive(p, offsets), err == nil, "seed %d: %+v at %v: %v", seed, p, offsets, err)
		if err == nil {
			good++
		} else {
			bad++
		}
	}
	assert.Greater(t, min(good, bad), 1000, "%d good and %d bad", good, bad)
}
