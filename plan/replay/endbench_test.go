package replay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/plan/replay"
)

// BenchmarkEnd ends a scope with 4,096 live blocks, of a run and of best fit: the fastest
// of b.N ends, by block.
func BenchmarkEnd(b *testing.B) {
	const n = 4096
	buf := replay.New()
	fastest := time.Hour
	for b.Loop() {
		cp := buf.Checkpoint()
		for range n {
			_, _ = buf.Alloc(64, 8)
		}
		start := time.Now()
		require.NoError(b, buf.Restore(cp))
		fastest = min(fastest, time.Since(start))
	}
	b.ReportMetric(float64(fastest.Nanoseconds())/n, "ns/block")
}
