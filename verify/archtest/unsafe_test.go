package archtest_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnsafeIsListed: docs/architecture.md names each file that users link and that does more with
// package unsafe than ask for sizes, or its folder, and no other.
func TestUnsafeIsListed(t *testing.T) {
	all := tree(t)
	var linked []string
	for _, p := range product(all) {
		linked = append(linked, p.Path)
		for _, dep := range p.Deps {
			linked = append(linked, strings.TrimPrefix(dep, module))
		}
	}
	_, table, found := strings.Cut(read(t, "docs/architecture.md"), "## Where unsafe lives")
	require.True(t, found)
	named := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (`+"`"+`.*?) \|`).FindAllStringSubmatch(table, -1) {
		for _, name := range regexp.MustCompile("`(.*?)`").FindAllStringSubmatch(row[1], -1) {
			named[name[1]] = true
		}
	}
	used := map[string]bool{}
	pointers := regexp.MustCompile(`unsafe\.(Pointer|Slice|SliceData|String|StringData|Add)\b`)
	for _, file := range tracked(t, "*.go") {
		folder := file[:max(0, strings.LastIndex(file, "/"))]
		if strings.HasSuffix(file, "_test.go") || !slices.Contains(linked, folder) {
			continue
		}
		text := read(t, file)
		require.True(t, !pointers.MatchString(text) || named[file] || named[folder], "%s uses unsafe and is not in the table of docs/architecture.md", file)
		if strings.Contains(text, "\"unsafe\"\n") {
			used[file], used[folder] = true, true
		}
	}
	require.NotEmpty(t, named)
	for name := range named {
		require.True(t, used[name], "docs/architecture.md says that %s uses unsafe", name)
	}
}
