// Package flow finds mistakes with scopes by following memory and contexts through
// functions in SSA form.
//
// Each function is summarised once, in terms of its parameters and captured variables:
// what its results are, what it stores where, which scopes it opens, what it calls with
// them. A call applies the callee's summary. Summaries of other packages are facts.
package flow

import (
	"go/token"
	"go/types"
	"reflect"
	"sort"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
)

// A Finding is a mistake that was found.
type Finding struct {
	Rule    string
	Pos     token.Pos
	Message string
	Related []analysis.RelatedInformation
	Fixes   []analysis.SuggestedFix
}

// Analyzer finds the mistakes of all rules. It reports nothing itself: its result is the
// list of findings, by rule.
var Analyzer = &analysis.Analyzer{
	Name:       "scopeflow",
	Doc:        "follow the memory of scopes; the result is what the rules report",
	Run:        run,
	ResultType: reflect.TypeFor[[]Finding](),
	FactTypes:  []analysis.Fact{(*Summary)(nil)},
}

// Options of the analysis.
var (
	Everything  bool // look at packages that do not use the library as well: for tests
	ListUnknown bool // list calls that get memory of a scope and of which nothing is known
	Tests       bool // look at files of tests too
)

// Force makes the analysis look at packages that do not use the library as if they did.
// It is for tests, and nil otherwise.
var Force func(path string) bool

// An engine analyses one package.
type engine struct {
	pass     *analysis.Pass
	states   map[*ssa.Function]*state
	facts    map[*ssa.Function]*Summary
	work     int // of atoms copied
	findings map[findingKey]Finding
}

type findingKey struct {
	rule string
	pos  token.Pos
}

func run(pass *analysis.Pass) (any, error) {
	if isOurs(pass.Pkg.Path()) {
		if rest := strings.TrimPrefix(pass.Pkg.Path(), Path+"/"); isCore(rest) {
			return []Finding(nil), nil // known by name
		}
	}
	uses := importsOurs(pass.Pkg)
	uses = uses || Force != nil && Force(pass.Pkg.Path())
	if !uses && (isStd(pass) || size(pass) > maxForeign) {
		return []Finding(nil), nil
	}
	e := &engine{
		pass: pass, states: make(map[*ssa.Function]*state), facts: make(map[*ssa.Function]*Summary),
		findings: make(map[findingKey]Finding),
	}
	funcs := build(pass)
	for range 3 {
		again := false
		for _, fn := range funcs {
			e.summary(fn)
		}
		for _, fn := range funcs {
			if s := e.states[fn]; s != nil && s.recursed {
				again = true
				s.recursed = false
				s.analyse()
				s.sum = s.summarise()
			}
		}
		if !again {
			break
		}
	}
	if uses {
		for _, fn := range funcs {
			if s := e.states[fn]; s != nil && !s.gaveUp {
				s.check()
			}
		}
	}
	for _, fn := range funcs {
		if obj, ok := fn.Object().(*types.Func); ok && fn.Parent() == nil {
			if s := e.states[fn]; s != nil && (!s.sum.empty() || takes(obj)) && obj.Pkg() == pass.Pkg {
				pass.ExportObjectFact(obj, s.sum)
			}
		}
	}
	return e.sorted(), nil
}

// maxForeign is how large, in bytes of source, a package may be that does not use the
// library, to be looked at for what it does with what it gets.
const maxForeign = 256 << 10

func size(pass *analysis.Pass) (n int) {
	for _, f := range pass.Files {
		n += int(f.FileEnd - f.FileStart)
	}
	return n
}

// importsOurs reports whether the package uses the library, directly or not.
func importsOurs(pkg *types.Package) bool {
	seen := make(map[*types.Package]bool)
	var walk func(p *types.Package) bool
	walk = func(p *types.Package) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		for _, q := range p.Imports() {
			if isOurs(q.Path()) || walk(q) {
				return true
			}
		}
		return false
	}
	return isOurs(pkg.Path()) || walk(pkg)
}

// isStd reports whether the package is one of the standard library.
func isStd(pass *analysis.Pass) bool {
	first, _, _ := strings.Cut(pass.Pkg.Path(), "/")
	if strings.Contains(first, ".") || first == "corpus" {
		return false
	}
	if pass.Module != nil && pass.Module.Path != "" && pass.Module.Path != "std" {
		return false
	}
	return true
}

// build makes the SSA form of the package and returns its functions, literals included.
func build(pass *analysis.Pass) []*ssa.Function {
	prog := ssa.NewProgram(pass.Fset, 0)
	prog.SetNoReturn(noReturn)
	for _, p := range pass.Pkg.Imports() {
		prog.CreatePackage(p, nil, nil, true)
	}
	pkg := prog.CreatePackage(pass.Pkg, pass.Files, pass.TypesInfo, false)
	pkg.Build()
	var funcs []*ssa.Function
	var add func(fn *ssa.Function)
	add = func(fn *ssa.Function) {
		funcs = append(funcs, fn)
		for _, anon := range fn.AnonFuncs {
			add(anon)
		}
	}
	for _, file := range pass.Files {
		for _, decl := range file.Decls {
			if fn := declared(pass, prog, decl); fn != nil {
				add(fn)
			}
		}
	}
	if init := pkg.Func("init"); init != nil {
		add(init)
	}
	return funcs
}

// noReturn reports whether a function is known not to return.
func noReturn(fn *types.Func) bool {
	switch methodName(fn) {
	case "os.Exit", "runtime.Goexit", "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic", "log.Panicf", "log.Panicln",
		"testing.common.Fatal", "testing.common.Fatalf", "testing.common.FailNow", "testing.common.Skip", "testing.common.Skipf",
		"testing.common.SkipNow", "testing.TB.Fatal", "testing.TB.Fatalf", "testing.TB.FailNow":
		return true
	}
	return false
}

// summary returns what is known of a function, or nil.
func (e *engine) summary(fn *ssa.Function) *Summary {
	if s := e.states[fn]; s != nil {
		if s.busy {
			s.recursed = true
		}
		return s.sum
	}
	if len(fn.Blocks) > 0 && instrs(fn) <= maxInstrs {
		s := newState(e, fn)
		e.states[fn] = s
		s.busy = true
		s.analyse()
		s.sum = s.summarise()
		s.busy = false
		return s.sum
	}
	if sum, ok := e.facts[fn]; ok {
		return sum
	}
	var sum *Summary
	if obj, ok := fn.Object().(*types.Func); ok {
		fact := new(Summary)
		if obj.Pkg() != nil && e.pass.ImportObjectFact(obj.Origin(), fact) {
			sum = fact
		}
	}
	e.facts[fn] = sum
	return sum
}

func instrs(fn *ssa.Function) (n int) {
	for _, b := range fn.Blocks {
		n += len(b.Instrs)
	}
	return n
}

// empty reports whether a summary says nothing. It is still known then that the function
// does nothing, but not to other packages.
func (sum *Summary) empty() bool {
	return len(sum.Results) == 0 && len(sum.Stores) == 0 && len(sum.Calls) == 0 && len(sum.Allocs) == 0 && len(sum.Releases) == 0 &&
		len(sum.Goes) == 0 && len(sum.Waits) == 0 && len(sum.Reads) == 0 && len(sum.Unknown) == 0 && len(sum.Flat) == 0 && len(sum.Fast) == 0
}

// takes reports whether a function has a parameter that can refer to memory.
func takes(fn *types.Func) bool {
	sig := fn.Signature()
	if sig.Recv() != nil && canHold(sig.Recv().Type()) {
		return true
	}
	return canHold(sig.Params())
}

// report records a finding, once for each rule and place.
func (s *state) report(rule string, pos token.Pos, message string, related ...analysis.RelatedInformation) {
	s.reportFix(rule, pos, message, nil, related...)
}

func (s *state) reportFix(rule string, pos token.Pos, message string, fixes []analysis.SuggestedFix, related ...analysis.RelatedInformation) {
	e := s.eng
	if !pos.IsValid() {
		pos = s.fn.Pos()
	}
	if !pos.IsValid() {
		return
	}
	if !Tests && strings.HasSuffix(e.pass.Fset.File(pos).Name(), "_test.go") {
		return
	}
	k := findingKey{rule, pos}
	if _, ok := e.findings[k]; !ok {
		e.findings[k] = Finding{Rule: rule, Pos: pos, Message: message, Related: related, Fixes: fixes}
	}
}

func (e *engine) sorted() []Finding {
	fs := make([]Finding, 0, len(e.findings))
	for _, f := range e.findings {
		fs = append(fs, f)
	}
	sort.Slice(fs, func(i, j int) bool {
		if fs[i].Pos != fs[j].Pos {
			return fs[i].Pos < fs[j].Pos
		}
		return fs[i].Rule < fs[j].Rule
	})
	return fs
}
