package archtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

func read(t *testing.T, path string) string {
	b, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(b)
}

// TestReadmeProgram: the program in the README is the tested Example of package
// scope, to the letter but for what makes it an example.
func TestReadmeProgram(t *testing.T) {
	_, rest, ok := strings.Cut(read(t, "README.md"), "```go\n")
	require.True(t, ok)
	program, _, _ := strings.Cut(rest, "```")
	for _, line := range strings.Split(program, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "package ") || line == "func main() {" {
			continue
		}
		require.Contains(t, read(t, "allocarray/readme_test.go"), line)
	}
}

// TestNamedTestsExist: a test, benchmark or example that a document points to is
// there.
func TestNamedTestsExist(t *testing.T) {
	out, err := exec.Command("git", "-C", root, "grep", "-hoE", `^func (Test|Benchmark|Example|Fuzz)[A-Za-z0-9_]*`, "--", "*_test.go", "scope/scopetest").Output()
	require.NoError(t, err)
	have := map[string]bool{}
	for _, line := range strings.Fields(string(out)) {
		have[line] = true
	}
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	named := regexp.MustCompile("`((?:Test|Benchmark|Fuzz|Example_?)[A-Z][A-Za-z0-9_]*)`")
	for _, doc := range append(docs, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			require.True(t, have[m[1]], "%s points to %s, which does not exist", doc, m[1])
		}
	}
}

// TestLinksResolve: relative links between documents lead somewhere.
func TestLinksResolve(t *testing.T) {
	out, err := exec.Command("git", "-C", root, "ls-files", "*.md").Output()
	require.NoError(t, err)
	link := regexp.MustCompile(`[a-z]\]\(([A-Za-z0-9_./-]+)(?:#[a-z-]*)?\)`)
	for _, doc := range strings.Fields(string(out)) {
		if strings.Contains(doc, "testdata/") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			_, err := os.Stat(filepath.Join(root, filepath.Dir(doc), m[1]))
			require.NoError(t, err, "%s links to %s", doc, m[1])
		}
	}
}
