package flow

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/ssa"
)

// The fixes that are offered change what is wrong and nothing else: what a program returns
// and what it keeps is for its author to say.

// deferEnd suggests to defer the End of a scope, in the line behind Open.
func (s *state) deferEnd(open ssa.Instruction) []analysis.SuggestedFix {
	line, name := s.assigned(open.Pos())
	if name == "" || name == "_" {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message:   "defer " + name + ".End()",
		TextEdits: []analysis.TextEdit{{Pos: line, End: line, NewText: []byte("\ndefer " + name + ".End()")}},
	}}
}

// innerContext suggests to pass to the call at pos the context that the function of the scope
// opened at site gets, in the place of the one from outside.
func (s *state) innerContext(pos, site token.Pos) []analysis.SuggestedFix {
	var alloc *ast.CallExpr
	var fn *ast.FuncLit // the innermost around the call
	for _, n := range s.around(pos) {
		switch n := n.(type) {
		case *ast.CallExpr:
			switch {
			case alloc == nil && n.Lparen == pos:
				alloc = n
			case fn != nil && n.Lparen == site:
				return s.replaceContext(alloc, fn)
			}
		case *ast.FuncLit:
			if alloc == nil || fn != nil {
				return nil // the call is in a function within that of the scope
			}
			fn = n
		}
	}
	return nil
}

// replaceContext suggests to give call the context that fn gets. There is no suggestion
// unless one argument of call is a variable from outside fn, and the parameter of fn has a name
// that means it at the call.
func (s *state) replaceContext(call *ast.CallExpr, fn *ast.FuncLit) []analysis.SuggestedFix {
	info := s.eng.pass.TypesInfo
	var inner types.Object
	for _, field := range fn.Type.Params.List {
		for _, name := range field.Names {
			if v := info.Defs[name]; v != nil && isContext(v.Type()) {
				inner = v
			}
		}
	}
	if inner == nil || inner.Name() == "_" {
		return nil
	}
	if _, means := s.eng.pass.Pkg.Scope().Innermost(call.Pos()).LookupParent(inner.Name(), call.Pos()); means != inner {
		return nil
	}
	var outer *ast.Ident
	for _, arg := range call.Args {
		id, ok := ast.Unparen(arg).(*ast.Ident)
		if !ok || info.Uses[id] == nil || !isContext(info.Uses[id].Type()) {
			continue
		}
		if at := info.Uses[id].Pos(); outer != nil || at >= fn.Pos() && at < fn.End() {
			return nil
		}
		outer = id
	}
	if outer == nil {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message:   "use " + inner.Name(),
		TextEdits: []analysis.TextEdit{{Pos: outer.Pos(), End: outer.End(), NewText: []byte(inner.Name())}},
	}}
}

// around returns the syntax around pos, the innermost first.
func (s *state) around(pos token.Pos) []ast.Node {
	for _, f := range s.eng.pass.Files {
		if pos >= f.FileStart && pos < f.FileEnd {
			path, _ := astutil.PathEnclosingInterval(f, pos, pos)
			return path
		}
	}
	return nil
}

// assigned finds the statement that assigns the results of the call at pos, and returns
// its end and the name of its second variable.
func (s *state) assigned(pos token.Pos) (end token.Pos, name string) {
	for _, n := range s.around(pos) {
		as, ok := n.(*ast.AssignStmt)
		if !ok || len(as.Lhs) != 2 || len(as.Rhs) != 1 {
			continue
		}
		if call, ok := as.Rhs[0].(*ast.CallExpr); !ok || call.Lparen != pos {
			continue
		}
		if id, ok := as.Lhs[1].(*ast.Ident); ok {
			return as.End(), id.Name
		}
	}
	return token.NoPos, ""
}
