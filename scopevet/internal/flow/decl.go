package flow

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
)

// declared returns the function of a declaration; nil if it is not one.
func declared(pass *analysis.Pass, prog *ssa.Program, decl ast.Decl) *ssa.Function {
	d, ok := decl.(*ast.FuncDecl)
	if !ok {
		return nil
	}
	obj, ok := pass.TypesInfo.Defs[d.Name].(*types.Func)
	if !ok {
		return nil
	}
	return prog.FuncValue(obj)
}
