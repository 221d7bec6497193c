package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// generator walks through a function and collects its mutants, in the order of the
// source.
type generator struct {
	file *sourceFile
	fn   *function
	out  []*mutant
}

// generate returns all mutants of the subjects. Not all of them compile.
func generate(subjects []*subject) (all []*mutant) {
	for _, s := range subjects {
		for _, f := range s.files {
			for _, fn := range f.functions {
				g := &generator{file: f, fn: fn}
				ast.Inspect(fn.decl.Body, g.visit)
				all = append(all, g.out...)
			}
		}
	}
	nameAll(all)
	return all
}

// visit applies the operators to a node.
func (g *generator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		g.condition(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			g.wrap("condition", n.Cond, "(", ") && false")
		}
		g.once(n.Body)
	case *ast.RangeStmt:
		g.once(n.Body)
	case *ast.SwitchStmt:
		g.cases(n.Tag == nil, n.Body)
	case *ast.TypeSwitchStmt:
		g.cases(false, n.Body)
	case *ast.BinaryExpr:
		g.binary(n)
	case *ast.BasicLit:
		if n.Kind == token.INT {
			g.replace("constant", n, "("+n.Value+" + 1)")
		}
	case *ast.SliceExpr:
		g.bound(n.Low, " + 1")
		g.bound(n.High, " - 1")
	case *ast.CallExpr:
		g.call(n)
	case *ast.ReturnStmt:
		g.returned(n)
	case *ast.BlockStmt:
		g.block(n.List)
	case *ast.CaseClause:
		g.block(n.Body)
	case *ast.CommClause:
		g.block(n.Body)
	}
	return true
}

func (g *generator) add(op, class string, edits ...edit) {
	g.out = append(g.out, &mutant{class: class, file: g.file, fn: g.fn, op: op, edits: edits})
}

func (g *generator) replace(op string, n ast.Node, text string) {
	g.add(op, ordinary, g.edit(n, text))
}

func (g *generator) edit(n ast.Node, text string) edit {
	return edit{g.file.offset(n.Pos()), g.file.offset(n.End()), text}
}

func (g *generator) wrap(op string, n ast.Node, before, after string) {
	g.replace(op, n, before+g.file.text(n)+after)
}

// condition: never and always. The condition is still evaluated.
func (g *generator) condition(cond ast.Expr) {
	g.wrap("condition", cond, "(", ") && false")
	g.wrap("condition", cond, "(", ") || true")
}

// once: only the first round of a loop.
func (g *generator) once(body *ast.BlockStmt) {
	if n := len(body.List); n > 0 && !terminates(body.List[n-1]) {
		at := g.file.offset(body.Rbrace)
		g.add("once", ordinary, edit{at, at, "; break\n"})
	}
}

func terminates(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "panic"
	}
	return false
}

// cases: each case of a switch is left out.
func (g *generator) cases(tagless bool, body *ast.BlockStmt) {
	for _, s := range body.List {
		c := s.(*ast.CaseClause)
		switch {
		case c.List == nil:
		case tagless && len(c.List) == 1:
			g.condition(c.List[0])
		default:
			g.replace("case", c, "")
		}
	}
}

// swapped has, for an operator, the one that is taken for it.
var swapped = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.ADD, token.QUO: token.MUL, token.REM: token.QUO,
	token.AND: token.OR, token.OR: token.AND, token.AND_NOT: token.AND, token.SHL: token.SHR, token.SHR: token.SHL,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN, token.MUL_ASSIGN: token.ADD_ASSIGN,
	token.INC: token.DEC, token.DEC: token.INC,
}

// binary: a side of && or || is dropped; another operator stands between.
func (g *generator) binary(n *ast.BinaryExpr) {
	if n.Op == token.LAND || n.Op == token.LOR {
		g.replace("side", n, "("+g.file.text(n.X)+")")
		g.replace("side", n, "("+g.file.text(n.Y)+")")
		return
	}
	if t, ok := swapped[n.Op]; ok {
		at := g.file.offset(n.OpPos)
		op := "arithmetic"
		switch n.Op {
		case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ:
			op = "comparison"
		}
		// The name shows both sides.
		left, right := g.file.offset(n.X.Pos()), g.file.offset(n.Y.End())
		source := g.file.source
		g.add(op, ordinary, edit{left, right, string(source[left:at]) + t.String() + string(source[at+len(n.Op.String()):right])})
	}
}

// bound: a slice begins one later, or ends one earlier.
func (g *generator) bound(n ast.Expr, by string) {
	if n == nil {
		return
	}
	if _, literal := n.(*ast.BasicLit); !literal {
		g.wrap("constant", n, "(", ")"+by)
	}
}

// call: max is taken for min; a failed CompareAndSwap for a success; an atomic access
// is a plain one.
func (g *generator) call(n *ast.CallExpr) {
	if id, ok := n.Fun.(*ast.Ident); ok {
		other := map[string]string{"max": "min", "min": "max"}[id.Name]
		if _, builtin := g.info().Uses[id].(*types.Builtin); builtin && other != "" {
			g.replace("minmax", n, other+strings.TrimPrefix(g.file.text(n), id.Name))
		}
	}
	recv, method, plain := g.atomic(n)
	if recv == "" {
		return
	}
	switch method {
	case "CompareAndSwap":
		g.wrap("atomic", n, "(", " || true)")
	case "Load":
		g.add("plain", order, g.edit(n, "(*plain__["+plain+"]("+recv+"))"))
	case "Store":
		g.add("plain", order, g.edit(n, "*plain__["+plain+"]("+recv+") = "+g.file.text(n.Args[0])))
	case "Add":
		if plain != "" && g.isStatement(n) {
			g.add("plain", order, g.edit(n, "*plain__["+plain+"]("+recv+") += "+g.file.text(n.Args[0])))
		}
	}
}

// atomic takes a method call on a value of sync/atomic apart: the address of the value,
// the method, and the type of what it holds. recv is empty if n is none.
func (g *generator) atomic(n *ast.CallExpr) (recv, method, plain string) {
	sel, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	t := g.info().TypeOf(sel.X)
	if t == nil {
		return
	}
	text := "&" + g.file.text(sel.X)
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t, text = p.Elem(), g.file.text(sel.X)
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != "sync/atomic" {
		return
	}
	switch name := named.Obj().Name(); name {
	case "Int32", "Int64", "Uint32", "Uint64", "Uintptr":
		plain = strings.ToLower(name)
	case "Pointer":
		elem := types.TypeString(named.TypeArgs().At(0), func(p *types.Package) string {
			if p.Path() == g.file.pkg.path {
				return ""
			}
			return p.Name()
		})
		plain = "*" + elem
	case "Bool":
		plain = "bool"
	}
	return text, sel.Sel.Name, plain
}

// isStatement reports whether the result of a call is dropped.
func (g *generator) isStatement(call *ast.CallExpr) (is bool) {
	ast.Inspect(g.fn.decl.Body, func(n ast.Node) bool {
		if s, ok := n.(*ast.ExprStmt); ok && s.X == ast.Expr(call) {
			is = true
		}
		return !is
	})
	return is
}

func (g *generator) info() *types.Info { return g.file.pkg.info }

// returned: an error becomes nil, a truth its contrary.
func (g *generator) returned(n *ast.ReturnStmt) {
	for _, r := range n.Results {
		t := g.info().TypeOf(r)
		id, named := r.(*ast.Ident)
		switch {
		case t == nil:
		case named && id.Name == "true":
			g.replace("return", r, "false")
		case named && id.Name == "false":
			g.replace("return", r, "true")
		case types.Identical(t.Underlying(), types.Typ[types.Bool]) || types.Identical(t, types.Typ[types.UntypedBool]):
			g.wrap("return", r, "!(", ")")
		case len(n.Results) > 0 && r == n.Results[len(n.Results)-1] && isError(t) && !(named && id.Name == "nil"):
			g.replace("return", r, "nil")
		}
	}
}

var errorType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

// isError reports whether t is an error: only such a result can be, for it is the last.
func isError(t types.Type) bool {
	if b, ok := t.(*types.Basic); ok && b.Kind() == types.UntypedNil {
		return false
	}
	return types.Implements(t, errorType)
}

// block: statements are left out, and neighbours change places.
func (g *generator) block(list []ast.Stmt) {
	for i, s := range list {
		g.remove(s)
		if i > 0 {
			g.swap(list[i-1], s)
		}
	}
}

// remove: a statement is left out. What is assigned is still evaluated. Without
// its Unlock, a Lock only blocks; both are left out.
func (g *generator) remove(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		if call, ok := s.X.(*ast.CallExpr); ok {
			g.removeCall(s, call)
		}
	case *ast.DeferStmt:
		if _, name := method(s.Call); name != "Unlock" && name != "RUnlock" {
			g.replace("defer", s, "")
		}
	case *ast.IncDecStmt:
		g.replace("remove", s, "")
		g.replace("arithmetic", s, g.file.text(s.X)+swapped[s.Tok].String())
	case *ast.AssignStmt:
		g.removeAssignment(s)
	case *ast.BranchStmt:
		if s.Tok == token.BREAK || s.Tok == token.CONTINUE {
			g.replace("branch", s, "")
		}
	case *ast.SendStmt:
		g.replace("remove", s, "")
	}
}

func (g *generator) removeCall(s *ast.ExprStmt, call *ast.CallExpr) {
	recv, name := method(call)
	if at, _, _ := g.atomic(call); at != "" {
		g.replace("atomic", s, "")
		return
	}
	switch name {
	case "Unlock", "RUnlock":
	case "Lock", "RLock":
		g.add("lock", ordinary, g.unlocked(recv)...)
	case "Wait", "Gosched", "Add", "Done":
		g.replace("wait", s, "")
	default:
		g.replace("remove", s, "")
	}
}

// unlocked removes every call in the function that locks or unlocks recv.
func (g *generator) unlocked(recv string) (edits []edit) {
	ast.Inspect(g.fn.decl.Body, func(n ast.Node) bool {
		var call *ast.CallExpr
		switch n := n.(type) {
		case *ast.ExprStmt:
			call, _ = n.X.(*ast.CallExpr)
		case *ast.DeferStmt:
			call = n.Call
		}
		if call == nil {
			return true
		}
		switch r, name := method(call); name {
		case "Lock", "Unlock", "RLock", "RUnlock":
			if r == recv {
				edits = append(edits, g.edit(n, ""))
			}
		}
		return true
	})
	return edits
}

// method takes a call of a method without arguments, or with some, apart.
func method(call *ast.CallExpr) (recv, name string) {
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		return types.ExprString(sel.X), sel.Sel.Name
	}
	return "", ""
}

func (g *generator) removeAssignment(s *ast.AssignStmt) {
	switch {
	case s.Tok == token.DEFINE:
	case s.Tok != token.ASSIGN:
		g.replace("remove", s, "")
		if t, ok := swapped[s.Tok]; ok {
			g.replace("arithmetic", s, g.file.text(s.Lhs[0])+" "+t.String()+" "+g.file.text(s.Rhs[0]))
		}
	default:
		// Each target by itself: what is lost is one effect.
		for _, l := range s.Lhs {
			if id, ok := l.(*ast.Ident); ok && id.Name == "_" {
				continue
			}
			g.add("remove", ordinary, g.assignment(s, l))
		}
	}
}

// assignment is s with the target l left out, as an edit of the whole statement so that
// the name of the mutant shows it.
func (g *generator) assignment(s *ast.AssignStmt, without ast.Expr) edit {
	begin, end := g.file.offset(s.Pos()), g.file.offset(s.End())
	text := apply(g.file.source, begin, end, []edit{g.edit(without, "_")})
	return edit{begin, end, text}
}

// swap: two effects in the wrong order, if one can see the other.
func (g *generator) swap(a, b ast.Stmt) {
	one, two := g.effects(a), g.effects(b)
	if !one.some || !two.some || !one.meets(two) {
		return
	}
	class := ordinary
	if one.atomic || two.atomic {
		class = order
	}
	begin, end := g.file.offset(a.Pos()), g.file.offset(b.End())
	g.add("swap", class, edit{begin, end, g.file.text(b) + "; " + g.file.text(a)})
}
