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
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(b)
}

// gitFiles returns the paths, from the root, of the files of the repository that match
// a pattern, new ones included, in all its modules.
func gitFiles(patterns ...string) ([]string, error) {
	args := []string{"-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "--"}
	out, err := exec.Command("git", append(args, patterns...)...).Output()
	return strings.Fields(string(out)), err
}

// tracked is gitFiles, of which there must be some.
func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	files, err := gitFiles(patterns...)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// TestLinksResolve: relative links between documents lead somewhere.
func TestLinksResolve(t *testing.T) {
	link := regexp.MustCompile(`[a-z]\]\(([A-Za-z0-9_./-]+)(?:#[a-z-]*)?\)`)
	for _, doc := range tracked(t, "*.md") {
		if strings.Contains(doc, "testdata/") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			_, err := os.Stat(filepath.Join(root, filepath.Dir(doc), m[1]))
			require.NoError(t, err, "%s links to %s", doc, m[1])
		}
	}
}

// TestEveryPackageHasAnExample: whoever opens the page of a package finds a program to begin with.
func TestEveryPackageHasAnExample(t *testing.T) {
	program := regexp.MustCompile(`(?m)^package main$`)
	example := regexp.MustCompile(`(?m)^func Example\w*\(\)`)
	with := map[string]bool{}
	for _, file := range tracked(t, "*_test.go") {
		if folder := filepath.Dir(file); example.MatchString(read(t, file)) {
			with[folder] = true
		}
	}
	for _, file := range tracked(t, "*.go") {
		folder := filepath.Dir(file)
		if hidden.MatchString("/"+folder+"/") || strings.HasSuffix(file, "_test.go") || folder == "." || program.MatchString(read(t, file)) {
			continue
		}
		require.True(t, with[folder], "package %s has no Example", folder)
	}
}

// hidden are the folders that nobody imports.
var hidden = regexp.MustCompile(`/(internal|testdata|verify|examples|bench|scopevet|recipes|program|check)/`)

// TestFilesExist: a file that a document names in backquotes is there, from the root or from the document's folder.
func TestFilesExist(t *testing.T) {
	file := regexp.MustCompile("`((?:[a-z0-9_.-]+/)+[A-Za-z0-9_-]+\\.(?:go|md|txt|json|yml|js|html|onnx|safetensors))`")
	exists := func(elem ...string) bool {
		_, err := os.Stat(filepath.Join(elem...))
		return err == nil
	}
	found := 0
	for _, doc := range tracked(t, "*.md", ":!CHANGELOG.md", ":!**/testdata/**") {
		for _, m := range file.FindAllStringSubmatch(read(t, doc), -1) {
			top, _, _ := strings.Cut(m[1], "/")
			if !exists(root, top) { // of another repository
				continue
			}
			require.True(t, exists(root, m[1]) || exists(root, filepath.Dir(doc), m[1]), "%s names the file %s", doc, m[1])
			found++
		}
	}
	require.Greater(t, found, 20)
}
