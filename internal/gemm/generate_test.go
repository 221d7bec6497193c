package gemm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGenerate: the generator reproduces the committed files byte for byte. It
// is a module of its own, whose dependencies may be missing; then there is
// nothing to compare.
func TestGenerate(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "peak"), 0o755))
	tile, err := os.ReadFile("tile.go")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tile.go"), tile, 0o644))
	generator := exec.Command("go", "run", "-C", "asm", ".", "-dir", dir)
	generator.Env = append(os.Environ(), "GOPROXY=off")
	if out, err := generator.CombinedOutput(); err != nil {
		t.Skipf("the generator does not build here: %v\n%s", err, out)
	}
	for _, pattern := range []string{"*_avx*_amd64.*", "peak/peak_amd64.*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			got, err := os.ReadFile(filepath.Join(dir, file))
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), "%s: run go generate ./internal/gemm", file)
		}
	}
}
