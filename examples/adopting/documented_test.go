package adopting_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireDocumented compares what a test measured with what docs/adopting.md says that
// it measures. Sizes are those of 64 bits; the runtime adds or leaves out a byte now and
// then.
func requireDocumented(t *testing.T, before, after int) {
	t.Helper()
	t.Logf("%d → %d bytes per call", before, after)
	if strconv.IntSize != 64 {
		return
	}
	page, err := os.ReadFile("../../docs/adopting.md")
	require.NoError(t, err)
	m := regexp.MustCompile(`\*\*(\d+) → (\d+) bytes per call\*\*\s\(` + "`examples/adopting." + t.Name() + "`").FindSubmatch(page)
	require.NotNil(t, m, "docs/adopting.md has no figures of %s", t.Name())
	for i, measured := range []int{before, after} {
		said, err := strconv.Atoi(string(m[i+1]))
		require.NoError(t, err)
		require.InDelta(t, said, measured, 0.01*float64(said), "docs/adopting.md says %s", m[0])
	}
}

// TestDiffs: every line of code that the page shows as removed or added is in this
// package, before or after; and every line of the functions that it shows whole.
func TestDiffs(t *testing.T) {
	page, err := os.ReadFile("../../docs/adopting.md")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	have := map[string]bool{"": true}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			have[strings.TrimSpace(line)] = true
		}
	}
	blocks := regexp.MustCompile("(?s)```diff\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 6)
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			require.True(t, have[strings.TrimSpace(line[1:])], "docs/adopting.md shows %q", line)
		}
	}
	functions := regexp.MustCompile("(?s)```go\nfunc (.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, functions, 5)
	for _, function := range functions {
		for line := range strings.Lines("func " + function[1]) {
			require.True(t, have[strings.TrimSpace(line)], "docs/adopting.md shows %q", line)
		}
	}
}
