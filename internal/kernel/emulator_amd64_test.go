package kernel_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/x86"
)

// inOrder returns the programs of an instruction set in the order of their numbers, which
// is that of the cases in the generated switch.
func inOrder(t *testing.T, set string) (ordered []*x86.Program) {
	all := x86.Programs(t, set+"_call_amd64.s")
	for _, name := range x86.Called(t, set+"_run_amd64.go") {
		require.Contains(t, all, name)
		require.True(t, strings.HasPrefix(name, set))
		ordered = append(ordered, all[name])
	}
	require.Len(t, ordered, len(all))
	return ordered
}

// TestEmulated runs every vector function on the machine, which knows what may be touched.
func TestEmulated(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector only slows the machine down")
	}
	programs := map[string][]*x86.Program{"avx2": inOrder(t, "avx2"), "avx512": inOrder(t, "avx512")}
	for _, set := range []string{"avx2", "avx512"} {
		t.Run(set, func(t *testing.T) {
			require.Len(t, programs[set], int(kernel.Functions))
			ran := map[uint8]bool{}
			for _, n := range []int{1, 3, 8, 15, 16, 17, 31, 33, 64, 70, 130, 1100} {
				for _, c := range append(vectorCases(n, false), vectorCases(n, true)...) {
					want := c.expected()
					m := &x86.Machine{}
					masks, constants := kernel.Tables()
					x86.Allow(m, "masks", masks, false)
					x86.Allow(m, "constants", constants, false)
					call, got := c.make(func(n int) []float32 {
						x := make([]float32, n)
						x86.Allow(m, "operand", x, true)
						return x
					})
					restore, stop := kernel.Use(set), kernel.Emulate(func(set string, f uint8, t *kernel.CallMemory) {
						ran[f] = true
						m.Run(programs[set][f], t[:])
					})
					call()
					stop()
					restore()
					requireBits(t, want, got, c.name)
				}
			}
			require.Len(t, ran, int(kernel.Functions))
		})
	}
}

// TestSelfTestRunsEveryFunction: if one of them does nothing, the self-test fails, and so
// does a machine that does nothing at all.
func TestSelfTestRunsEveryFunction(t *testing.T) {
	for _, set := range kernel.Sets() {
		if set == "generic" {
			continue
		}
		restore := kernel.Use(set)
		require.True(t, kernel.Works())
		for f := range kernel.Functions {
			require.False(t, kernel.WorksWithout(f), "%s %d", set, f)
		}
		restore()
	}
	defer kernel.Emulate(func(string, uint8, *kernel.CallMemory) {})()
	require.Equal(t, "generic", kernel.Choose(""))
}
