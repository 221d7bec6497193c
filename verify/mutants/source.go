package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A subject is a package whose code is mutated, with its types.
type subject struct {
	folder string // in the module, with slashes
	path   string // to import it
	name   string
	files  []*sourceFile
	fset   *token.FileSet
	info   *types.Info
	lookup types.Importer
	bare   []*ast.File // the files without the bodies of functions
}

// A sourceFile is a file of a subject.
type sourceFile struct {
	pkg       *subject
	path      string // in the module, with slashes
	source    []byte
	syntax    *ast.File
	functions []*function
}

// A function is a declared function that has a body.
type function struct {
	name   string // with its receiver
	file   *sourceFile
	decl   *ast.FuncDecl
	id     int // the number under which a trace reports it
	traced map[string]bool
}

// listed is what the go command says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Error                   *struct{ Err string }
}

// load reads and checks the packages in the folders, as they are built here.
func load(root string, folders []string) ([]*subject, error) {
	packages, err := list(root, folders)
	if err != nil {
		return nil, err
	}
	exports, byFolder := map[string]string{}, map[string]listed{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
		if rel, err := filepath.Rel(root, p.Dir); err == nil {
			byFolder[filepath.ToSlash(rel)] = p
		}
	}
	fset := token.NewFileSet()
	lookup := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var subjects []*subject
	for _, folder := range folders {
		p, ok := byFolder[folder]
		if !ok {
			return nil, fmt.Errorf("there is no package in %s", folder)
		}
		s := &subject{folder: folder, path: p.ImportPath, fset: fset, lookup: lookup}
		if err := s.read(root, p.GoFiles); err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// list asks the go command for packages and all they import.
func list(root string, folders []string) (packages []listed, err error) {
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Error"}
	for _, f := range folders {
		args = append(args, "./"+f)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// read parses and checks the files of s.
func (s *subject) read(root string, names []string) error {
	var syntax []*ast.File
	for _, name := range names {
		f := &sourceFile{pkg: s, path: s.folder + "/" + name}
		var err error
		if f.source, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(f.path))); err != nil {
			return err
		}
		if f.syntax, err = parser.ParseFile(s.fset, f.path, f.source, parser.SkipObjectResolution); err != nil {
			return err
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				f.functions = append(f.functions, &function{name: funcName(fn), file: f, decl: fn, traced: map[string]bool{}})
			}
		}
		s.name = f.syntax.Name.Name
		s.files = append(s.files, f)
		syntax = append(syntax, f.syntax)
		s.bare = append(s.bare, bare(f.syntax))
	}
	s.info = &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Uses:       map[*ast.Ident]types.Object{},
		Defs:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	help, err := parser.ParseFile(s.fset, "help.go", help(s.name), 0)
	if err != nil {
		return err
	}
	s.bare = append(s.bare, help)
	config := types.Config{Importer: s.lookup}
	_, err = config.Check(s.path, s.fset, syntax, s.info)
	return err
}

// bare returns a file whose functions have no bodies, which is quick to check.
func bare(f *ast.File) *ast.File {
	copied := *f
	copied.Decls = nil
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			without := *fn
			without.Body = nil
			d = &without
		}
		copied.Decls = append(copied.Decls, d)
	}
	return &copied
}

// compiles reports whether the function of a mutant is still right Go with its edits.
func (m *mutant) compiles() bool {
	s, f := m.file.pkg, m.file
	begin, end := f.offset(m.fn.decl.Pos()), f.offset(m.fn.decl.End())
	source := "package p\n" + apply(f.source, begin, end, m.edits)
	parsed, err := parser.ParseFile(s.fset, "mutant.go", source, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	var files []*ast.File
	for i, b := range s.bare {
		if i < len(s.files) && s.files[i] == f {
			b = withBody(b, f.syntax, m.fn.decl, parsed.Decls[0].(*ast.FuncDecl))
		}
		files = append(files, b)
	}
	right := true
	base := s.fset.File(parsed.Pos())
	config := types.Config{Importer: s.lookup, Error: func(err error) {
		var e types.Error
		if errors.As(err, &e) && s.fset.File(e.Pos) == base {
			right = false
		}
	}}
	_, _ = config.Check(s.path, s.fset, files, nil)
	return right
}

// withBody returns the bare file b of f with another declaration in the place of one.
func withBody(b, f *ast.File, old, new *ast.FuncDecl) *ast.File {
	copied := *b
	copied.Decls = append([]ast.Decl(nil), b.Decls...)
	for i, d := range f.Decls {
		if d == ast.Decl(old) {
			copied.Decls[i] = new
		}
	}
	return &copied
}

// offset returns where in the file a position is.
func (f *sourceFile) offset(p token.Pos) int { return f.pkg.fset.Position(p).Offset }

// text returns the source of a node.
func (f *sourceFile) text(n ast.Node) string {
	return string(f.source[f.offset(n.Pos()):f.offset(n.End())])
}

func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	for {
		switch r := t.(type) {
		case *ast.StarExpr:
			t = r.X
		case *ast.IndexExpr:
			t = r.X
		case *ast.IndexListExpr:
			t = r.X
		case *ast.Ident:
			return r.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}
