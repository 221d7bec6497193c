package scopehttp_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestServersPage: every block of code in docs/servers.md stands in a test, word for word but for
// its indentation.
func TestServersPage(t *testing.T) {
	page, err := os.ReadFile("../docs/servers.md")
	require.NoError(t, err)
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "recipes/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			tests.Write(text)
		}
	}
	all := flat(tests.String())
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(blocks), 10)
	for _, block := range blocks {
		for _, part := range regexp.MustCompile(`\n\n(?:func )`).Split(block[1], -1) {
			require.Contains(t, all, strings.TrimSpace(flat(part)))
		}
	}
	fences := strings.Count(string(page), "```") // no block is hidden behind another name
	require.Equal(t, 2*len(blocks), fences)
}

// flat returns the words of a text with single spaces.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }
