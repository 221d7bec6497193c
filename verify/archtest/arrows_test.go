package archtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/allocarrays/allocarrays-go/"

// A pkg is a package of the root module. Imports are what its own files name, tests
// included; Deps is everything that it needs to run, tests left out.
type pkg struct {
	Path    string
	Imports []string
	Deps    []string
}

// packages returns the packages of the root module by their path without the module's.
var packages = sync.OnceValues(func() (map[string]pkg, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	all := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath                               string
			Imports, TestImports, XTestImports, Deps []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		path := strings.TrimPrefix(p.ImportPath, module)
		all[path] = pkg{path, slices.Concat(p.Imports, p.TestImports, p.XTestImports), p.Deps}
	}
})

// tree returns packages, which must be many: an empty list would pass every test.
func tree(t *testing.T) map[string]pkg {
	t.Helper()
	all, err := packages()
	require.NoError(t, err)
	require.Greater(t, len(all), 20)
	return all
}

// under reports whether path is the folder or below it.
func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// product returns the packages that users' programs import: all but the checkers, the
// examples, what is internal, and the kit for tests of allocators.
func product(all map[string]pkg) (public []pkg) {
	for path, p := range all {
		if !under(path, "verify") && !under(path, "examples") && path != "scope/scopetest" && !strings.Contains("/"+path+"/", "/internal/") {
			public = append(public, p)
		}
	}
	return public
}

// TestArrows: what computes does not know where its memory comes from. It is the
// point of the product.
func TestArrows(t *testing.T) {
	all := tree(t)
	for _, path := range []string{"allocarray", "nn", "internal/kernel", "internal/gemm", "internal/conv", "internal/recurrent", "npy", "safetensors",
		"examples/internal/mlp"} {
		require.Contains(t, all, path)
		for _, allocator := range []string{"bumper", "locked", "offheap"} {
			require.NotContains(t, all[path].Deps, module+allocator, "%s must know no allocator", path)
		}
	}
}

// TestArrowsOfModules is TestArrows for a module that computes: its package, and what that needs in all modules.
func TestArrowsOfModules(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Dir = filepath.Join(root, "onnx")
	out, err := cmd.Output()
	require.NoError(t, err)
	deps := strings.Fields(string(out))
	require.Contains(t, deps, module+"onnx/internal/ops")
	require.Contains(t, deps, module+"plan")
	for _, allocator := range []string{"bumper", "locked", "offheap", "meter", "plan/replay"} {
		require.NotContains(t, deps, module+allocator, "onnx must know no allocator")
	}
}

// TestLayers: nn → allocarray → scope ← bumper ← locked, and none of these arrows the
// other way.
func TestLayers(t *testing.T) {
	all := tree(t)
	for path, above := range map[string][]string{
		"bumper":     {"locked", "offheap"},
		"locked":     {"offheap"},
		"allocarray": {"nn"},
	} {
		require.Contains(t, all, path)
		for _, other := range above {
			require.NotContains(t, all[path].Deps, module+other, path)
		}
	}
}

// TestScopeKnowsNobody: the package that all others import needs none of them, but for
// what is below it, and nothing outside of the standard library.
func TestScopeKnowsNobody(t *testing.T) {
	all := tree(t)
	for path, p := range all {
		if !under(path, "scope") || path == "scope/scopetest" { // the kit that proves buffers knows buffers
			continue
		}
		for _, dep := range p.Deps {
			if ours, ok := strings.CutPrefix(dep, module); ok {
				require.True(t, under(ours, "scope") || under(ours, "internal"), "%s needs %s", path, ours)
				continue
			}
			first, _, _ := strings.Cut(dep, "/")
			require.NotContains(t, first, ".", "%s needs %s", path, dep)
		}
	}
}

// TestPlanKnowsNobody: a planner serves any program that knows its blocks.
func TestPlanKnowsNobody(t *testing.T) {
	all := tree(t)
	require.Contains(t, all, "plan")
	for _, dep := range all["plan"].Deps {
		first, _, _ := strings.Cut(dep, "/")
		require.NotContains(t, first, ".", "plan needs %s", dep)
	}
}

// TestAllocatorsKnowNoArrays: an allocator serves any package that computes, so it
// knows none.
func TestAllocatorsKnowNoArrays(t *testing.T) {
	all := tree(t)
	for path, p := range all {
		if !under(path, "scope") && !under(path, "bumper") && !under(path, "locked") && !under(path, "offheap") {
			continue
		}
		for _, array := range []string{"allocarray", "nn", "internal/kernel", "internal/gemm"} {
			require.NotContains(t, p.Deps, module+array, "%s must know no arrays", path)
		}
	}
}

// unlinked are the packages below internal that no user links, and why they are there.
var unlinked = map[string]string{
	"internal/testenv":   "tells tests what they run under",
	"internal/trial":     "the engine of scope/scopetest, which users link into their tests only",
	"internal/asm":       "generates the assembly; a module of its own",
	"internal/x86":       "runs generated assembly in the tests of gemm and kernel",
	"internal/gemm/peak": "measures the machine for the benchmarks of gemm, here and in module bench",
}

// TestInternalIsLinked: internal holds what the product links. What checks or measures
// it stands in verify.
func TestInternalIsLinked(t *testing.T) {
	all := tree(t)
	linked := map[string]bool{}
	for _, p := range product(all) {
		for _, dep := range p.Deps {
			linked[strings.TrimPrefix(dep, module)] = true
		}
	}
	require.True(t, linked["internal/gemm"])
	for path := range all {
		if under(path, "internal") && unlinked[path] == "" {
			require.True(t, linked[path], "%s is linked by no public package: it belongs to verify", path)
		}
	}
	for path := range unlinked {
		require.False(t, linked[path], "%s is linked into users' programs", path)
	}
}

// TestNobodyImportsCheckers: verify is the end of every arrow.
func TestNobodyImportsCheckers(t *testing.T) {
	for path, p := range tree(t) {
		if under(path, "verify") {
			continue
		}
		for _, dep := range p.Imports {
			require.False(t, under(strings.TrimPrefix(dep, module), "verify"), "%s imports %s", path, dep)
		}
	}
}

// TestExamplesAreNobodys: nothing but examples and the checkers imports an example.
func TestExamplesAreNobodys(t *testing.T) {
	for path, p := range tree(t) {
		if under(path, "examples") || under(path, "verify") {
			continue
		}
		for _, dep := range p.Imports {
			require.False(t, under(strings.TrimPrefix(dep, module), "examples"), "%s imports %s", path, dep)
		}
	}
}

// TestGuardIsScopes: guard mode has one user. Others reach it through scope.
func TestGuardIsScopes(t *testing.T) {
	all := tree(t)
	require.Contains(t, all, "scope/internal/pages")
	for path, p := range all {
		if !under(path, "scope") {
			require.NotContains(t, p.Imports, module+"scope/internal/pages", path)
		}
	}
}
