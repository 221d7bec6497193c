// Package scopevet finds mistakes with the scopes of AllocArrays before the program runs:
// memory that leaves its scope, contexts that outlive theirs, scopes that are never ended,
// loops that leak. See docs/scopevet.md for the rules.
//
// The command is cmd/scopevet, which also works as go vet's -vettool. Analyzers is for
// drivers of one's own, such as golangci-lint or gopls.
package scopevet

import (
	"go/ast"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/allocarrays/allocarrays-go/scopevet/internal/flow"
)

// A Rule is one kind of mistake.
type Rule struct {
	Name     string // as in directives, and that of its analyzer
	Doc      string // one line
	Severity string // "error", which is wrong in any program, or "warning"
}

// Rules are all rules, in the order of docs/scopevet.md.
var Rules = []Rule{
	{"escape", "memory of a scope is used after its end: returned, captured, kept in a field, a global, a map, a slice, a channel or a pool", "error"},
	{"goroutine", "memory or the context of a scope is used by a goroutine, a timer or a cleanup that the scope does not wait for", "error"},
	{"outerctx", "an allocation in a scope through a context from outside it", "error"},
	{"keptctx", "the context of a scope is kept beyond its end", "error"},
	{"sharedctx", "goroutines share a buffer without a lock", "error"},
	{"loop", "a loop that allocates what it needs for one turn, without a scope of its own", "warning"},
	{"reset", "Reset, Restore or Close of a buffer while a scope or a group may be open", "error"},
	{"unrestored", "a Checkpoint without its Restore on some path", "error"},
	{"unended", "an Open without its End on some path", "error"},
	{"unwaited", "a Group without its Wait on some path", "error"},
	{"stale", "memory is used after End, Reset, Restore, Close or Free, or one of these is called twice", "error"},
	{"release", "an array is used after Release or Move, released twice, or released through a view", "error"},
	{"pointers", "an element type that contains pointers", "error"},
	{"uninitialised", "the result of Similar is read before anything has written it", "error"},
	{"timeout", "a handler of http.TimeoutHandler runs in a scope that does not wait for it", "error"},
	{"interceptor", "a function around a handler returns what the handler made in the function's scope", "warning"},
	{"unknowncall", "with -unknown: memory of a scope is given to a function of which nothing is known", "note"},
	{"directive", "a directive to ignore a finding that gives no reason or names no rule", "error"},
}

// Analyzers has one analyzer for each rule. They share one analysis.
var Analyzers = analyzers()

func analyzers() []*analysis.Analyzer {
	var as []*analysis.Analyzer
	for _, r := range Rules {
		as = append(as, &analysis.Analyzer{
			Name:     r.Name,
			Doc:      r.Doc,
			URL:      "https://github.com/allocarrays/allocarrays-go/blob/main/docs/scopevet.md#" + r.Name,
			Requires: []*analysis.Analyzer{flow.Analyzer},
			Run:      func(pass *analysis.Pass) (any, error) { return nil, report(pass, r.Name) },
		})
	}
	return as
}

// report reports the findings of one rule that no directive silences.
func report(pass *analysis.Pass, rule string) error {
	findings := pass.ResultOf[flow.Analyzer].([]flow.Finding)
	var ignored map[place]bool
	for _, f := range findings {
		if f.Rule != rule {
			continue
		}
		if ignored == nil {
			ignored = directives(pass)
		}
		p := pass.Fset.Position(f.Pos)
		if ignored[place{p.Filename, p.Line, rule}] {
			continue
		}
		pass.Report(analysis.Diagnostic{Pos: f.Pos, Category: rule, Message: f.Message, Related: f.Related, SuggestedFixes: f.Fixes})
	}
	if rule == "directive" {
		eachDirective(pass, func(c *ast.Comment, name, reason string, _ ast.Node) {
			switch {
			case !isRule(name):
				pass.Reportf(c.Pos(), "scopevet:ignore names no rule: %q", name)
			case reason == "":
				pass.Reportf(c.Pos(), "scopevet:ignore %s gives no reason", name)
			}
		})
	}
	return nil
}

func isRule(name string) bool {
	for _, r := range Rules {
		if r.Name == name {
			return true
		}
	}
	return false
}

type place struct {
	file string
	line int
	rule string
}

const directive = "//scopevet:ignore"

// directives returns the lines and rules that are silenced: that of the directive and the
// next, or all of the function whose comment it is in.
func directives(pass *analysis.Pass) map[place]bool {
	lines := make(map[place]bool)
	eachDirective(pass, func(c *ast.Comment, name, reason string, fn ast.Node) {
		if reason == "" {
			return
		}
		p := pass.Fset.Position(c.Pos())
		first, last := p.Line, p.Line+1
		if fn != nil {
			last = pass.Fset.Position(fn.End()).Line
		}
		for l := first; l <= last; l++ {
			lines[place{p.Filename, l, name}] = true
		}
	})
	return lines
}

func eachDirective(pass *analysis.Pass, visit func(c *ast.Comment, name, reason string, fn ast.Node)) {
	for _, f := range pass.Files {
		docs := make(map[*ast.CommentGroup]ast.Node)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Doc != nil {
				docs[fn.Doc] = fn
			}
		}
		for _, g := range f.Comments {
			for _, c := range g.List {
				rest, ok := strings.CutPrefix(c.Text, directive)
				if !ok || rest != "" && rest[0] != ' ' {
					continue
				}
				name, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
				visit(c, name, strings.TrimSpace(reason), docs[g])
			}
		}
	}
}
