package peak_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"

	"github.com/allocarrays/allocarrays-go/internal/gemm/peak"
)

// TestFMA: the work reported is what was asked for, rounded up to whole turns.
func TestFMA(t *testing.T) {
	for wide, s := range map[bool]struct {
		perTurn   int
		supported bool
	}{
		false: {96, cpu.X86.HasAVX2 && cpu.X86.HasFMA},
		true:  {384, cpu.X86.HasAVX512F},
	} {
		if !s.supported {
			require.Zero(t, peak.FMA(1, wide))
			continue
		}
		require.Equal(t, 2*s.perTurn, peak.FMA(0, wide))
		require.Equal(t, 2*s.perTurn, peak.FMA(s.perTurn, wide))
		require.Equal(t, 4*s.perTurn, peak.FMA(s.perTurn+1, wide))
	}
}

// TestStream: only whole blocks of 64 elements are read.
func TestStream(t *testing.T) {
	require.Zero(t, peak.Stream(nil))
	require.Zero(t, peak.Stream(make([]float32, 63)))
	if cpu.X86.HasAVX2 {
		require.Equal(t, 512, peak.Stream(make([]float32, 191)))
	}
}
