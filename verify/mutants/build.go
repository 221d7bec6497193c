package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// help is the source of a file that every mutated package gets. The mutant whose number
// is in the environment is switched on; -1 records which functions run.
func help(name string) string {
	return "package " + name + `

import (
	"os"
	"strconv"
	"sync"
	"unsafe"
)

var mutant__, _ = strconv.Atoi(os.Getenv("` + envMutant + `"))

var traced__ sync.Map

func trace__(id int) {
	if _, known := traced__.LoadOrStore(id, true); known {
		return
	}
	f, err := os.OpenFile(os.Getenv("` + envTrace + `"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		f.WriteString(strconv.Itoa(id) + "\n")
		f.Close()
	}
}

func plain__[V, A any](a *A) *V { return (*V)(unsafe.Pointer(a)) }
`
}

const (
	envMutant = "ALLOCARRAYS_MUTANT"
	envTrace  = "ALLOCARRAYS_MUTANT_TRACE"
)

// write puts the files of the subjects, with all mutants of the list in them, into dir,
// and returns the overlay that tells the go command of them.
func write(root, dir string, list []*mutant) (overlay string, err error) {
	byFile := map[*sourceFile]map[*function][]*mutant{}
	var functions []*function
	for i, m := range list {
		m.id = i + 1
		if byFile[m.file] == nil {
			byFile[m.file] = map[*function][]*mutant{}
		}
		if byFile[m.file][m.fn] == nil {
			functions = append(functions, m.fn)
			m.fn.id = len(functions)
		}
		byFile[m.file][m.fn] = append(byFile[m.file][m.fn], m)
	}
	replace := map[string]string{}
	put := func(path, text string) error {
		file := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		replace[filepath.Join(root, filepath.FromSlash(path))] = file
		return os.WriteFile(file, []byte(text), 0o644)
	}
	helped := map[*subject]bool{}
	for f, functions := range byFile {
		if err := put(f.path, f.switched(functions)); err != nil {
			return "", err
		}
		if !helped[f.pkg] {
			helped[f.pkg] = true
			if err := put(f.pkg.folder+"/mutants__.go", help(f.pkg.name)); err != nil {
				return "", err
			}
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o644)
}

// switched returns the file with the mutants of its functions in it: each such function
// begins with a switch that has a whole body for each of them.
func (f *sourceFile) switched(functions map[*function][]*mutant) string {
	var edits []edit
	for fn, mutants := range functions {
		at := f.offset(fn.decl.Body.Lbrace) + 1
		var b strings.Builder
		fmt.Fprintf(&b, "\nswitch mutant__ {\ncase -1:\ntrace__(%d)\n", fn.id)
		for _, m := range mutants {
			fmt.Fprintf(&b, "case %d:\n%s\n", m.id, m.body())
			if fn.decl.Type.Results == nil {
				b.WriteString("return\n")
			}
		}
		b.WriteString("}\n")
		edits = append(edits, edit{at, at, b.String()})
	}
	return apply(f.source, 0, len(f.source), edits)
}

// body returns the body of the mutated function as a block within the function. What it
// declares at its top is now a block deeper: a := that assigns to a parameter as well
// is taken apart, and labels get names of their own.
func (m *mutant) body() string {
	f, edits := m.file, append([]edit(nil), m.edits...)
	for _, s := range m.fn.decl.Body.List {
		if a, ok := s.(*ast.AssignStmt); ok && a.Tok == token.DEFINE && !m.covers(a) {
			edits = append(edits, m.apart(a)...)
		}
	}
	ast.Inspect(m.fn.decl.Body, func(n ast.Node) bool {
		var label *ast.Ident
		switch n := n.(type) {
		case *ast.LabeledStmt:
			label = n.Label
		case *ast.BranchStmt:
			label = n.Label
		}
		if label != nil {
			at := f.offset(label.End())
			edits = append(edits, edit{at, at, fmt.Sprint("__", m.id)})
		}
		return true
	})
	return apply(f.source, f.offset(m.fn.decl.Body.Pos()), f.offset(m.fn.decl.Body.End()), edits)
}

// covers reports whether an edit of m replaces the whole of n.
func (m *mutant) covers(n ast.Node) bool {
	for _, e := range m.edits {
		if e.begin <= m.file.offset(n.Pos()) && m.file.offset(n.End()) <= e.end {
			return true
		}
	}
	return false
}

// apart makes a := of what is declared already an assignment.
func (m *mutant) apart(a *ast.AssignStmt) (edits []edit) {
	end := m.file.offset(a.End())
	for _, l := range a.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok || id.Name == "_" || m.file.pkg.info.Defs[id] != nil || !m.isParameter(id) {
			continue
		}
		at := m.file.offset(id.End())
		edits = append(edits, edit{at, at, "__"}, edit{end, end, "; " + id.Name + " = " + id.Name + "__"})
	}
	return edits
}

// isParameter reports whether id is a parameter, a result or the receiver of the
// function.
func (m *mutant) isParameter(id *ast.Ident) bool {
	v, ok := m.file.pkg.info.Uses[id].(*types.Var)
	return ok && v.Pos() >= m.fn.decl.Pos() && v.Pos() < m.fn.decl.Body.Pos()
}

// compile builds the tests of the packages in folders, with the overlay, into dir.
func compile(root, dir, overlay string, folders []string, flags ...string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	args := append([]string{"test", "-c", "-vet=off", "-overlay", overlay, "-o", dir + string(filepath.Separator)}, flags...)
	for _, f := range folders {
		args = append(args, "./"+f)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the tests: %w\n%s", err, out)
	}
	return nil
}
