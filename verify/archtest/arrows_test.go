package archtest_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/allocarrays/allocarrays-go/"

// deps returns all packages that a package needs, itself included.
func deps(t *testing.T, pkg string) []string {
	out, err := exec.Command("go", "list", "-deps", module+pkg).CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.Fields(string(out))
}

// TestArrows: what computes does not know where its memory comes from. It is the
// point of the product.
func TestArrows(t *testing.T) {
	for _, pkg := range []string{"scope", "allocarray", "nn", "internal/kernel", "internal/gemm", "examples/internal/mlp"} {
		for _, dep := range deps(t, pkg) {
			require.NotContains(t, []string{module + "bumper", module + "locked", module + "offheap"}, dep, "%s must know no allocator", pkg)
		}
	}
}

func TestAllocatorsKnowNoArrays(t *testing.T) {
	for _, pkg := range []string{"scope", "bumper", "locked", "offheap"} {
		for _, dep := range deps(t, pkg) {
			require.NotContains(t, []string{module + "allocarray", module + "nn"}, dep)
		}
	}
}

// TestScopeIsStandardLibraryOnly keeps the package that every numeric package may
// import free of dependencies.
func TestScopeIsStandardLibraryOnly(t *testing.T) {
	for _, dep := range deps(t, "scope") {
		first, _, _ := strings.Cut(dep, "/")
		ours := strings.HasPrefix(dep, module)
		require.False(t, strings.Contains(first, ".") && !ours, "scope imports %s", dep)
	}
}
