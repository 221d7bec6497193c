package alloc_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/alloc"
)

func TestParse(t *testing.T) {
	w := alloc.Workload{Size: 1024, Goroutines: 8, Depth: 4}
	got, err := alloc.Parse(w.String())
	require.NoError(t, err)
	require.Equal(t, w, got)
	_, err = alloc.Parse("1024x8")
	require.Error(t, err)
}

func TestBatchesAndGoroutinesLoseNoBlock(t *testing.T) {
	for _, w := range []alloc.Workload{{Size: 64, Goroutines: 1}, {Size: 4096, Goroutines: 3}, {Size: 1 << 20, Goroutines: 8}} {
		for _, n := range []int{0, 1, 7, 1000, 12345} {
			var total atomic.Int64
			w.Parallel(n, func(_, n int) {
				w.Batches(n, func(blocks int) {
					require.LessOrEqual(t, blocks, w.Batch())
					total.Add(int64(blocks))
				})
			})
			require.Equal(t, int64(n), total.Load())
		}
		require.GreaterOrEqual(t, w.Memory(), w.Batch()*w.Size)
	}
}
