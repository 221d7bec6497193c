package scopevet_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/allocarrays/allocarrays-go/scopevet"
)

// load loads packages of a module below testdata.
func load(t *testing.T, dir string, patterns ...string) []*packages.Package {
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadAllSyntax | packages.NeedModule, Dir: dir,
	}, patterns...)
	require.NoError(t, err)
	for _, p := range pkgs {
		require.Empty(t, p.Errors, p.PkgPath)
	}
	require.NotEmpty(t, pkgs)
	return pkgs
}

// A finding is what a rule reports.
type finding struct {
	rule, message string
	pos           token.Position
}

// analyse runs all rules.
func analyse(t *testing.T, pkgs []*packages.Package) map[*packages.Package][]finding {
	graph, err := checker.Analyze(scopevet.Analyzers, pkgs, nil)
	require.NoError(t, err)
	found := make(map[*packages.Package][]finding)
	for act := range graph.All() {
		require.NoError(t, act.Err, "%v", act)
		for _, d := range act.Diagnostics {
			found[act.Package] = append(found[act.Package], finding{act.Analyzer.Name, d.Message, act.Package.Fset.Position(d.Pos)})
		}
	}
	return found
}

// A program is a function of the corpus.
type program struct {
	name        string
	rule        string
	bad         bool
	found       []finding
	first, last int
	file        string
}

// programs returns the functions whose names begin with bad or good. What they are bad in
// is the rule that the folder is named for.
func programs(p *packages.Package, found []finding) (all []program) {
	rule := ruleOf(p.PkgPath)
	for _, f := range p.Syntax {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := strings.ToLower(fn.Name.Name)
			bad := strings.HasPrefix(name, "bad")
			if !bad && !strings.HasPrefix(name, "good") {
				continue
			}
			from, to := p.Fset.Position(fn.Pos()), p.Fset.Position(fn.End())
			pr := program{name: fn.Name.Name, rule: rule, bad: bad, first: from.Line, last: to.Line, file: from.Filename}
			for _, d := range found {
				if d.pos.Filename == from.Filename && d.pos.Line >= from.Line && d.pos.Line <= to.Line {
					pr.found = append(pr.found, d)
				}
			}
			all = append(all, pr)
		}
	}
	return all
}

// ruleOf returns the folder below the module.
func ruleOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 2 {
		return path
	}
	return parts[1]
}

// hit reports whether the rule of the program has found it.
func (p program) hit() bool {
	for _, f := range p.found {
		if f.rule == p.rule {
			return true
		}
	}
	return false
}

// TestCorpus counts what is found: at least 95 % of the bad functions, by the rule that
// they are written for, and none of the good ones, by any rule.
func TestCorpus(t *testing.T) {
	pkgs := load(t, filepath.Join("testdata", "corpus"), "./...")
	found := analyse(t, pkgs)
	type count struct{ bad, hit, good, blamed int }
	counts := make(map[string]*count)
	var total count
	for _, p := range pkgs {
		for _, pr := range programs(p, found[p]) {
			c := counts[pr.rule]
			if c == nil {
				c = new(count)
				counts[pr.rule] = c
			}
			switch {
			case pr.bad:
				c.bad++
				total.bad++
				if pr.hit() {
					c.hit++
					total.hit++
				} else {
					t.Logf("missed: %s:%d %s %v", filepath.Base(pr.file), pr.first, pr.name, pr.found)
				}
			default:
				c.good++
				total.good++
				if len(pr.found) > 0 {
					c.blamed++
					total.blamed++
					t.Errorf("a good function is reported: %s:%d %s: %v", pr.file, pr.first, pr.name, pr.found)
				}
			}
		}
	}
	var lines []string
	for _, r := range scopevet.Rules {
		if c := counts[r.Name]; c != nil {
			lines = append(lines, fmt.Sprintf("%-14s %3d of %3d bad found, %d of %3d good reported", r.Name, c.hit, c.bad, c.blamed, c.good))
		}
	}
	t.Logf("\n%s\n%-14s %3d of %3d bad found (%.1f %%), %d of %3d good reported", strings.Join(lines, "\n"),
		"all", total.hit, total.bad, 100*float64(total.hit)/float64(total.bad), total.blamed, total.good)
	require.GreaterOrEqual(t, float64(total.hit), 0.95*float64(total.bad))
	require.Zero(t, total.blamed)
}
