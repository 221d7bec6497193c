package scopevet_test

import (
	"flag"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

var write = flag.Bool("write", false, "write the column of docs/safety.md")

// TestSafety: the column of docs/safety.md says by which rules the mistakes of the
// repository's corpus are found.
func TestSafety(t *testing.T) {
	pkgs := load(t, "..", "./verify/misuse/corpus")
	rules := mistakes(pkgs[0], analyse(t, pkgs)[pkgs[0]])
	path := filepath.Join("..", "docs", "safety.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	seen := 0
	for i, line := range lines {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		name := strings.Trim(cells[len(cells)-1], "`")
		found, ok := rules[name]
		if !ok || len(cells) < 6 {
			continue
		}
		seen++
		cells[len(cells)-4] = "–"
		if len(found) > 0 {
			cells[len(cells)-4] = strings.Join(found, ", ")
		}
		lines[i] = "| " + strings.Join(cells, " | ") + " |"
	}
	require.Len(t, rules, seen, "programs without a row")
	if *write {
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644))
		return
	}
	require.Equal(t, strings.Split(string(text), "\n"), lines, "go test ./scopevet -run TestSafety -write mends the page")
}

// mistakes returns the programs of the corpus and the rules that find something in them.
func mistakes(p *packages.Package, found []finding) map[string][]string {
	lists := make(map[string]*ast.CompositeLit) // by variable
	families := make(map[string]string)         // variable to name
	for _, f := range p.Syntax {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok || len(v.Values) != 1 {
					continue
				}
				lit, ok := v.Values[0].(*ast.CompositeLit)
				if !ok {
					continue
				}
				if v.Names[0].Name != "Families" {
					lists[v.Names[0].Name] = lit
					continue
				}
				for _, e := range lit.Elts {
					fields := fieldsOf(e)
					if id, ok := fields["Programs"].(*ast.Ident); ok {
						families[id.Name] = text(fields["Name"])
					}
				}
			}
		}
	}
	rules := make(map[string][]string)
	for list, family := range families {
		for _, e := range lists[list].Elts {
			name := family + "/" + text(fieldsOf(e)["Name"])
			rules[name] = nil
			from, to := p.Fset.Position(e.Pos()), p.Fset.Position(e.End())
			for _, f := range found {
				if f.pos.Filename == from.Filename && f.pos.Offset >= from.Offset && f.pos.Offset < to.Offset && !slices.Contains(rules[name], f.rule) {
					rules[name] = append(rules[name], f.rule)
				}
			}
			slices.Sort(rules[name])
		}
	}
	return rules
}

// fieldsOf returns the fields that a composite literal sets.
func fieldsOf(e ast.Expr) map[string]ast.Expr {
	fields := make(map[string]ast.Expr)
	if lit, ok := e.(*ast.CompositeLit); ok {
		for _, el := range lit.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				if id, ok := kv.Key.(*ast.Ident); ok {
					fields[id.Name] = kv.Value
				}
			}
		}
	}
	return fields
}

// text returns the value of a string literal.
func text(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}
