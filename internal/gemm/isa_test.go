package gemm_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// TestVariable starts this test again under each value of the variable.
func TestVariable(t *testing.T) {
	if os.Getenv("GEMM_TEST_CHILD") != "" {
		_, _ = os.Stdout.WriteString("isa=" + gemm.ISA() + ";")
		return
	}
	best := gemm.Supported()[0]
	for value, want := range map[string]string{"generic": "generic", "": best, "no such instruction set": best, "avx512": best} {
		child := testenv.Self("-test.run=^TestVariable$")
		child.Env = append(os.Environ(), "GEMM_TEST_CHILD=1", "ALLOCARRAYS_KERNEL="+value)
		out, err := child.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "isa="+want+";", value)
	}
}

// TestChoose: every supported instruction set can be had by name, and passes its
// self-test.
func TestChoose(t *testing.T) {
	for _, name := range gemm.Supported() {
		require.Equal(t, name, gemm.Choose(name))
	}
}
