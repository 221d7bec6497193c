package gemm_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// TestKernelVariable starts this test again under each value of the variable.
func TestKernelVariable(t *testing.T) {
	if os.Getenv("GEMM_TEST_CHILD") != "" {
		_, _ = os.Stdout.WriteString("kernel=" + gemm.Kernel() + ";")
		return
	}
	best := gemm.Supported()[0]
	for value, want := range map[string]string{"generic": "generic", "": best, "no such kernel": best, "avx512": best} {
		child := testenv.Self("-test.run=^TestKernelVariable$")
		child.Env = append(os.Environ(), "GEMM_TEST_CHILD=1", "ALLOCARRAYS_KERNEL="+value)
		out, err := child.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "kernel="+want+";", value)
	}
}

// TestChoose: every supported kernel can be had by name, and passes its
// self-test.
func TestChoose(t *testing.T) {
	for _, name := range gemm.Supported() {
		require.Equal(t, name, gemm.Choose(name))
	}
}
