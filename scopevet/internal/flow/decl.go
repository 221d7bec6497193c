package flow

import (
	"go/ast"
	"go/token"
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

// assigned finds the statement that assigns the results of the call at pos, and returns
// its end and the name of its second variable.
func (s *state) assigned(pos token.Pos) (end token.Pos, name string) {
	for _, f := range s.eng.pass.Files {
		if pos < f.FileStart || pos >= f.FileEnd {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			as, ok := n.(*ast.AssignStmt)
			if !ok || len(as.Lhs) != 2 || len(as.Rhs) != 1 {
				return true
			}
			call, ok := as.Rhs[0].(*ast.CallExpr)
			if !ok || call.Lparen != pos {
				return true
			}
			if id, ok := as.Lhs[1].(*ast.Ident); ok {
				end, name = as.End(), id.Name
			}
			return true
		})
	}
	return end, name
}
