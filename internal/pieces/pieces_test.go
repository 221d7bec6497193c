package pieces_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/trial"
)

// TestShare: pieces follow each other, cover all units, and differ by one at most.
func TestShare(t *testing.T) {
	for pieceCount := 1; pieceCount < 20; pieceCount++ {
		for units := range 70 {
			end := 0
			for i := range pieceCount {
				from, to := pieces.Share(i, pieceCount, units)
				require.Equal(t, end, from)
				require.LessOrEqual(t, to-from, pieces.Ceil(units, pieceCount))
				require.GreaterOrEqual(t, to-from, units/pieceCount)
				end = to
			}
			require.Equal(t, units, end)
		}
	}
}

func TestWorkers(t *testing.T) {
	require.Equal(t, 1, pieces.Workers(nil, 1e12))
	require.Equal(t, 1, pieces.Workers(&trial.Helpers{N: 4}, pieces.Worthwhile-1))
	require.Equal(t, 4, pieces.Workers(&trial.Helpers{N: 4}, pieces.Worthwhile))
}

// TestRooms: workers have memory of their own.
func TestRooms(t *testing.T) {
	memory := make([]int, 12)
	r := pieces.NewRooms(memory, 4)
	for worker := range 3 {
		for i := range r.Of(worker) {
			r.Of(worker)[i] += worker + 1
		}
	}
	require.Equal(t, []int{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}, memory)
}

func numbers(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// TestProduct: the same bits with any number of workers, who are asked where it is worth it.
func TestProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{1, 1024, 2048}, {3, 1000, 1001}, {128, 100, 400}, {500, 784, 10}, {97, 512, 33}, {2000, 40, 40}, {5, 300000, 1}, {1100000, 1, 1}, {7, 9, 11}} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			m, k, n := s[0], s[1], s[2]
			a, b, bias := numbers(rng, m*k), numbers(rng, k*n), numbers(rng, n)
			p := pieces.Product{Packed: gemm.Pack(b, k, n, n, 1), A: a, M: m, K: k, N: n, Act: gemm.ReLU, Dst: make([]float32, m*n)}
			for _, p.Bias = range [][]float32{nil, bias} {
				p.Run(nil)
				want := p.Dst
				for _, workers := range []int{1, 2, 5} {
					h := &trial.Helpers{N: workers}
					p := p
					p.Dst = numbers(rng, m*n)
					p.Run(h)
					require.Equal(t, want, p.Dst, "%d workers", workers)
					require.Equal(t, workers > 1 && m*k*n >= pieces.Worthwhile, h.Used > 0)
				}
				p.Dst = make([]float32, m*n)
			}
		})
	}
}

// TestProductWithEpilogue: each element is gone on with once, in whole rows.
func TestProductWithEpilogue(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	double := func(arg any, _ int, part []float32, first int) {
		for i := range part {
			part[i] = part[i]*2 + float32((first+i)%arg.(int))
		}
	}
	for _, s := range [][3]int{{1, 1024, 2048}, {3, 1000, 1001}, {128, 100, 400}, {2000, 40, 40}, {0, 4, 3}, {5, 4, 3}} {
		m, k, n := s[0], s[1], s[2]
		p := pieces.Product{Packed: gemm.Pack(numbers(rng, k*n), k, n, n, 1), A: numbers(rng, m*k), M: m, K: k, N: n, Dst: make([]float32, m*n)}
		p.Run(nil)
		double(n, 0, p.Dst, 0)
		want := p.Dst
		for _, workers := range []int{1, 2, 5} {
			p := p
			p.Dst, p.After, p.Arg = make([]float32, m*n), double, n
			p.Run(&trial.Helpers{N: workers})
			require.Equal(t, want, p.Dst, "%v, %d workers", s, workers)
		}
	}
}
