package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"

	"github.com/mmcloughlin/avo/gotypes"
)

// argumentSignature type-checks the file that declares the one argument of generated
// functions and returns func(t *name), from which avo computes the offsets of its fields.
func argumentSignature(file, name string) (*gotypes.Signature, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		return nil, err
	}
	conf := types.Config{Sizes: gotypes.Sizes}
	pkg, err := conf.Check("argument", fset, []*ast.File{f}, nil)
	if err != nil {
		return nil, err
	}
	return gotypes.ParseSignatureInPackage(pkg, "func(t *"+name+")")
}
