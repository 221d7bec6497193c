package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// effects are what a statement does that another can notice.
type effects struct {
	some    bool // it is a statement that may be moved
	calls   bool
	atomic  bool
	outside bool // it writes to what is not a local variable
	writes  map[types.Object]bool
	uses    map[types.Object]bool
}

// effects returns those of an assignment, a call or a send; none of any other statement.
func (g *generator) effects(s ast.Stmt) (e effects) {
	e.writes, e.uses = map[types.Object]bool{}, map[types.Object]bool{}
	switch s := s.(type) {
	case *ast.ExprStmt, *ast.SendStmt:
		e.some = true
	case *ast.IncDecStmt:
		e.some = true
		g.target(&e, s.X)
	case *ast.AssignStmt:
		e.some = s.Tok != token.DEFINE
		for _, l := range s.Lhs {
			g.target(&e, l)
		}
	}
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if v, ok := g.info().Uses[n].(*types.Var); ok {
				e.uses[v] = true
			}
		case *ast.CallExpr:
			if at, _, _ := g.atomic(n); at != "" {
				e.atomic = true
			}
			if !g.pure(n) {
				e.calls = true
			}
		}
		return true
	})
	return e
}

// target records what an assignment writes to.
func (g *generator) target(e *effects, x ast.Expr) {
	switch x := x.(type) {
	case *ast.Ident:
		if v := g.info().Uses[x]; v != nil {
			e.writes[v] = true
			if v.Parent() == v.Pkg().Scope() {
				e.outside = true
			}
		}
	case *ast.SelectorExpr:
		e.outside = true
		if v := g.info().Uses[x.Sel]; v != nil {
			e.writes[v] = true
		}
	case *ast.IndexExpr:
		e.outside = true
		g.target(e, x.X)
	case *ast.StarExpr:
		e.outside = true
		g.target(e, x.X)
	case *ast.ParenExpr:
		g.target(e, x.X)
	}
}

// pure reports whether a call is a conversion, a builtin or a function of fmt that only
// computes, or tells a detector of memory that it is given.
func (g *generator) pure(call *ast.CallExpr) bool {
	if t, ok := g.info().Types[call.Fun]; ok && t.IsType() {
		return true
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		f := g.info().Uses[sel.Sel]
		if f == nil || f.Pkg() == nil {
			return false
		}
		path := f.Pkg().Path()
		return path == "fmt" || strings.HasSuffix(path, "/internal/poison")
	}
	if id, ok := call.Fun.(*ast.Ident); ok {
		if _, builtin := g.info().Uses[id].(*types.Builtin); builtin {
			return id.Name != "copy" && id.Name != "clear" && id.Name != "delete" && id.Name != "panic" && id.Name != "close"
		}
	}
	return false
}

// meets reports whether the order of two effects may matter: one uses what the other
// writes, or calls what may do so.
func (e effects) meets(other effects) bool {
	for v := range e.writes {
		if other.uses[v] || other.writes[v] {
			return true
		}
	}
	for v := range other.writes {
		if e.uses[v] {
			return true
		}
	}
	return e.calls && (other.calls || other.outside) || other.calls && e.outside
}
