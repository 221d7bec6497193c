package scopevet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/packages"

	"github.com/allocarrays/allocarrays-go/scopevet"
	"github.com/allocarrays/allocarrays-go/scopevet/internal/flow"
)

// imports are the packages that programs of the page may use.
var imports = map[string]string{
	"context": "context", "sync": "sync", "errors": "errors", "http": "net/http", "time": "time",
	"scope": "github.com/allocarrays/allocarrays-go/scope", "bumper": "github.com/allocarrays/allocarrays-go/bumper",
	"locked": "github.com/allocarrays/allocarrays-go/locked", "allocarray": "github.com/allocarrays/allocarrays-go/allocarray",
}

// TestPage: docs/scopevet.md has a section for each rule; the rule finds something in its
// first program, and no rule in its second.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "scopevet.md"))
	require.NoError(t, err)
	dir, err := filepath.Abs(filepath.Join("testdata", "corpus"))
	require.NoError(t, err)
	without := map[string]bool{"unknowncall": true, "directive": true} // programs
	overlay := make(map[string][]byte)
	var patterns []string
	for _, r := range scopevet.Rules {
		_, section, ok := strings.Cut(string(text), "\n### "+r.Name+"\n")
		require.True(t, ok, r.Name)
		section, _, _ = strings.Cut(section, "\n### ")
		require.True(t, strings.HasPrefix(strings.TrimSpace(section), strings.ToUpper(r.Severity[:1])+r.Severity[1:]), r.Name)
		blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(section, -1)
		if without[r.Name] {
			continue
		}
		require.Len(t, blocks, 2, r.Name)
		for i, kind := range []string{"bad", "good"} {
			name := "page" + r.Name + kind
			overlay[filepath.Join(dir, name, "page.go")] = []byte(program1(name, blocks[i][1]))
			patterns = append(patterns, "corpus.example/"+name)
		}
	}
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax | packages.NeedModule, Dir: dir, Overlay: overlay}, patterns...)
	require.NoError(t, err)
	found := analyse(t, pkgs)
	for _, p := range pkgs {
		require.Empty(t, p.Errors, p.PkgPath)
		rule, bad := strings.CutSuffix(strings.TrimPrefix(p.PkgPath, "corpus.example/page"), "bad")
		if !bad {
			require.Empty(t, found[p], p.PkgPath)
			continue
		}
		require.NotEmpty(t, found[p], p.PkgPath)
		for _, f := range found[p] {
			require.Equal(t, rule, f.rule, p.PkgPath)
		}
	}
}

// program1 returns a file with the declarations and the imports that they need.
func program1(name, code string) string {
	var lines []string
	for short, path := range imports {
		if regexp.MustCompile(`\b` + short + `\.[A-Z]`).MatchString(code) {
			lines = append(lines, "import \""+path+"\"\n")
		}
	}
	sort.Strings(lines)
	return "package " + name + "\n\n" + strings.Join(lines, "") + "\n" + code
}

// TestDirectives: a directive silences its rule where it says so, and nothing else.
func TestDirectives(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join("testdata", "directives"))
	require.NoError(t, err)
	for _, name := range []string{"escape", "directive", "unended"} {
		analysistest.Run(t, dir, analyzer(name), "./"+name)
	}
}

// TestUnknown: -unknown lists the calls of which nothing is known; without it they are
// silent.
func TestUnknown(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join("testdata", "directives"))
	require.NoError(t, err)
	flow.ListUnknown = true
	defer func() { flow.ListUnknown = false }()
	analysistest.Run(t, dir, analyzer("unknowncall"), "./unknown")

	flow.ListUnknown = false
	for _, findings := range analyse(t, load(t, dir, "./unknown")) {
		require.Empty(t, findings)
	}
}

// TestFix: what -fix does.
func TestFix(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join("testdata", "directives"))
	require.NoError(t, err)
	for _, rule := range []string{"outerctx", "unended"} {
		analysistest.RunWithSuggestedFixes(t, dir, analyzer(rule), "./"+rule)
	}
}

func analyzer(name string) *analysis.Analyzer {
	for _, a := range scopevet.Analyzers {
		if a.Name == name {
			return a
		}
	}
	panic(name)
}

// TestAnalyzers: the list is what drivers expect, with one analyzer for each rule.
func TestAnalyzers(t *testing.T) {
	require.NoError(t, analysis.Validate(scopevet.Analyzers))
	require.Len(t, scopevet.Analyzers, len(scopevet.Rules))
	for i, a := range scopevet.Analyzers {
		require.Equal(t, scopevet.Rules[i].Name, a.Name)
		require.Contains(t, a.URL, "#"+a.Name)
	}
}
