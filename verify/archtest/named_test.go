package archtest_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// named matches what a document names as a test, in backquotes: `locked.TestWorker`,
// `examples/adopting.TestRidge`, or `TestWorker` alone; behind a slash a subtest. The
// package is its folder.
var named = regexp.MustCompile("`(?:([a-z0-9/]+)\\.)?((?:Test|Benchmark|Fuzz|Example)(?:[A-Z_][A-Za-z0-9_]*)?)(?:/[^`]*)?`")

// qualified are the documents that give every test its package.
var qualified = []string{"docs/adopting.md", "docs/coming-from-julia.md", "docs/concepts.md"}

// TestNamedTestsRun: a test, benchmark, fuzz target or example that a document points
// to is one that go test runs, and there is no doubt which.
func TestNamedTestsRun(t *testing.T) {
	have, err := runnable()
	require.NoError(t, err)
	found := 0
	for _, file := range tracked(t, "*.md", ":!CHANGELOG.md", ":!**/testdata/**") { // the changelog names what has gone since
		for _, m := range named.FindAllStringSubmatch(read(t, file), -1) {
			require.NoError(t, resolve(have, file, m[1], m[2]))
			found++
		}
	}
	require.Greater(t, found, 50)
}

// resolve returns why a document must not name a test as it does.
func resolve(have map[string][]string, file, pkg, name string) error {
	in := have[name]
	switch {
	case len(in) == 0:
		return fmt.Errorf("%s names %s: go test runs nothing of this name", file, name)
	case pkg != "" && !slices.Contains(in, pkg):
		return fmt.Errorf("%s names %s.%s, which is in %v", file, pkg, name, in)
	case pkg != "" || file == "docs/safety.md" && slices.Contains(in, "verify/misuse"): // as that page says
		return nil
	case slices.Contains(qualified, file):
		return fmt.Errorf("%s names %s without its package, %v", file, name, in)
	case len(in) > 1:
		return fmt.Errorf("%s names %s, which could be that of any of %v", file, name, in)
	}
	return nil
}

func TestResolve(t *testing.T) {
	have := map[string][]string{"TestOne": {"scope"}, "TestTwo": {"locked", "verify/misuse"}}
	for _, c := range []struct{ file, pkg, name, want string }{
		{"docs/offheap.md", "", "TestOne", ""},
		{"docs/offheap.md", "scope", "TestOne", ""},
		{"docs/offheap.md", "", "TestThree", "docs/offheap.md names TestThree: go test runs nothing of this name"},
		{"docs/offheap.md", "nn", "TestOne", "docs/offheap.md names nn.TestOne, which is in [scope]"},
		{"docs/offheap.md", "", "TestTwo", "docs/offheap.md names TestTwo, which could be that of any of [locked verify/misuse]"},
		{"docs/safety.md", "", "TestTwo", ""},
		{"docs/concepts.md", "", "TestOne", "docs/concepts.md names TestOne without its package, [scope]"},
	} {
		err := resolve(have, c.file, c.pkg, c.name)
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, c.want)
		}
	}
}

// runnable returns what go test runs in all modules of the repository: for each name
// the folders of the packages that have it.
var runnable = sync.OnceValues(func() (map[string][]string, error) {
	files, err := gitFiles("*_test.go")
	if err != nil {
		return nil, err
	}
	have := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, not yet committed
		}
		if err != nil {
			return nil, err
		}
		names, err := runnableIn(file, text)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if folder := path.Dir(file); !slices.Contains(have[name], folder) {
				have[name] = append(have[name], folder)
			}
		}
	}
	return have, nil
})

// runnableIn returns the functions of a file of tests that go test runs.
func runnableIn(name string, text []byte) (names []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, e := range doc.Examples(file) {
		if e.Output != "" || e.EmptyOutput { // others are compiled only
			names = append(names, "Example"+e.Name)
		}
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && isTest(f) {
			names = append(names, f.Name.Name)
		}
	}
	return names, nil
}

// isTest reports whether f has the name and the signature of a test, a benchmark or a
// fuzz target, as go help testfunc describes them.
func isTest(f *ast.FuncDecl) bool {
	if f.Recv != nil || f.Type.TypeParams != nil || f.Type.Results != nil || len(f.Type.Params.List) != 1 || len(f.Type.Params.List[0].Names) > 1 {
		return false
	}
	star, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	param, ok := star.X.(*ast.SelectorExpr)
	if !ok || f.Name.Name == "TestMain" {
		return false
	}
	for prefix, letter := range map[string]string{"Test": "T", "Benchmark": "B", "Fuzz": "F"} {
		if rest, ok := strings.CutPrefix(f.Name.Name, prefix); ok && param.Sel.Name == letter {
			first, _ := utf8.DecodeRuneInString(rest)
			return rest == "" || !unicode.IsLower(first)
		}
	}
	return false
}

// TestRunnableIn: helpers that look like tests are none.
func TestRunnableIn(t *testing.T) {
	names, err := runnableIn("x_test.go", []byte(`package x_test
import "testing"
type s struct{}
func TestRuns(t *testing.T) {}
func Test(t *testing.T) {}
func Test_underscore(*testing.T) {}
func BenchmarkRuns(b *testing.B) {}
func FuzzRuns(f *testing.F) {}
func TestMain(m *testing.M) {}
func Testify(t *testing.T) {}
func TestHelper(t *testing.T, new func()) {}
func TestTwo(a, b *testing.T) {}
func TestResult(t *testing.T) error { return nil }
func TestGeneric[T any](t *testing.T) {}
func TestNothing() {}
func TestBench(b *testing.B) {}
func TestValue(t testing.TB) {}
func (s) TestMethod(t *testing.T) {}
func Example() {
	// Output: 1
}
func ExampleS_quiet() {
	// Output:
}
func ExampleS() {
	// compiled only
}
`))
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"TestRuns", "Test", "Test_underscore", "BenchmarkRuns", "FuzzRuns", "Example", "ExampleS_quiet"}, names)
}
