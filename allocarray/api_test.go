package allocarray_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// signature is what the tests need to know of an exported function.
type signature struct {
	arrays  int  // parameters that are arrays, the receiver included; a variadic one counts as 2
	context bool // takes a context: allocates
	yields  bool // returns an array
}

// exported parses the package in the working directory and returns its exported
// functions and methods, the latter as "AllocArray.Name".
func exported(t *testing.T) map[string]signature {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	out := map[string]signature{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.IsExported() && ofArrays(fn) {
				name, sig := describe(fn)
				out[name] = sig
			}
		}
	}
	return out
}

// ofArrays reports whether fn is a function or a method of arrays; the methods of Float16,
// and what makes and uses a Builder, have tests of their own.
func ofArrays(fn *ast.FuncDecl) bool {
	return fn.Name.Name != "NewBuilder" && (fn.Recv == nil || typeText(fn.Recv.List[0].Type) == "AllocArray")
}

func describe(fn *ast.FuncDecl) (name string, sig signature) {
	name = fn.Name.Name
	if fn.Recv != nil {
		name, sig.arrays = "AllocArray."+name, 1
	}
	for _, p := range fn.Type.Params.List {
		switch text := typeText(p.Type); {
		case text == "...AllocArray":
			sig.arrays += 2
		case text == "AllocArray":
			sig.arrays += len(p.Names)
		case text == "Context":
			sig.context = true
		}
	}
	if fn.Type.Results != nil {
		sig.yields = typeText(fn.Type.Results.List[0].Type) == "AllocArray"
	}
	return name, sig
}

// typeText names a type without its package and type arguments.
func typeText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return typeText(e.X)
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ellipsis:
		return "..." + typeText(e.Elt)
	}
	return ""
}

func TestCatalogueIsComplete(t *testing.T) {
	called := map[string]bool{}
	for _, c := range allCalls[float64]() {
		require.False(t, called[c.name], "%s is there twice", c.name)
		called[c.name] = true
	}
	api := exported(t)
	delete(api, "AllocArray.Release") // which ends its array: see TestRelease
	for name := range api {
		require.True(t, called[name], "%s is not in the catalogue", name)
		delete(called, name)
	}
	require.Empty(t, called, "no longer in the package")
	require.Greater(t, len(api), 100, "the parser found the package")
}

// TestEveryOperationHasIntoForm: Op(ctx, …) and OpInto(dst, …), as the package
// comment says; constructors have nothing to write into.
func TestEveryOperationHasIntoForm(t *testing.T) {
	api := exported(t)
	for name, sig := range api {
		if sig.context && sig.arrays > 0 && !strings.Contains(name, ".") {
			require.Contains(t, api, name+"Into")
		}
	}
}

// kind describes an array as messages do.
func kind[T allocarray.Element](a allocarray.AllocArray[T]) string {
	return fmt.Sprintf("%s %T", shapeText(a.Shape()), *new(T))
}
