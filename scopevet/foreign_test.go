package scopevet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/allocarrays/allocarrays-go/scopevet/internal/flow"
)

// TestForeign runs the rules on code that does not use the library, as if it did: nothing
// is found, and nothing crashes. SCOPEVET_FOREIGN adds to what is looked at: patterns
// as for go list, separated by spaces, relative to the directory SCOPEVET_DIR.
func TestForeign(t *testing.T) {
	if testing.Short() {
		t.Skip("looks at much code")
	}
	dir, patterns := ".", []string{"container/list", "encoding/json", "slices", "text/template"}
	if more := os.Getenv("SCOPEVET_FOREIGN"); more != "" {
		patterns = strings.Fields(more)
		if d := os.Getenv("SCOPEVET_DIR"); d != "" {
			dir = filepath.Clean(d)
		}
	}
	pkgs := load(t, dir, patterns...)
	forced := make(map[string]bool)
	for _, p := range pkgs {
		forced[p.PkgPath] = true
	}
	flow.Force = func(path string) bool { return forced[path] }
	defer func() { flow.Force = nil }()
	for p, found := range analyse(t, pkgs) {
		for _, f := range found {
			t.Errorf("%s: %s: %s: %s", p.PkgPath, f.pos, f.rule, f.message)
		}
	}
	t.Logf("%d packages", len(pkgs))
}
