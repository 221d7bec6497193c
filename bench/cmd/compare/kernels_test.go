package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/cases"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

func TestLowers(t *testing.T) {
	tests := []struct {
		name, kernel, chosen string
		kernels, want        bool
	}{
		{"capable", "avx512", "", true, true},
		{"a case without kernels", "avx512", "", false, false},
		{"not capable", "avx2", "", true, false},
		{"chosen", "avx512", "avx512", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("ALLOCARRAYS_KERNEL", tt.chosen)
			require.Equal(t, tt.want, lowers(cases.Case{Kernels: tt.kernels}, record.Machine{Kernel: tt.kernel}))
		})
	}
}

func TestRenamed(t *testing.T) {
	c := renamed(record.Case{Name: "mlp", Title: "MLP", Text: "long", Bars: []record.Bar{{Name: "fast"}},
		Charts: []record.Chart{{File: "performance-mlp.svg", Title: "MLP"}}})
	require.Equal(t, "mlp", c.Name)
	require.Equal(t, "MLP: AVX2", c.Title)
	require.Equal(t, "ALLOCARRAYS_KERNEL=avx2 SIMD_DISABLE=avx512", c.Env)
	require.Equal(t, "AVX2: fast", c.Bars[0].Name)
	require.Equal(t, "performance-mlp-avx2.svg", c.Charts[0].File)
}

func TestAddPeers(t *testing.T) {
	one, two, three := record.Peer{Name: "a", Info: "1"}, record.Peer{Name: "b", Info: "Zen"}, record.Peer{Name: "b", Info: "Haswell"}
	got := addPeers([]record.Peer{one, two}, []record.Peer{one, three, one, three})
	require.Equal(t, []record.Peer{one, two, {Name: "b, beside AVX2", Info: "Haswell"}}, got)
}
