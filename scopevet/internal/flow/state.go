package flow

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A tree is what the parts of a value or an object hold.
type tree map[string]set

// add adds the atoms of b at path to t and reports whether t grew.
func (t tree) add(path string, b set) bool {
	if len(b) == 0 {
		return false
	}
	s := t[path]
	if s == nil {
		s = make(set, len(b))
		t[path] = s
	}
	return s.add(b)
}

// all returns every atom in t.
func (t tree) all() set {
	all := make(set)
	for _, s := range t {
		all.add(s)
	}
	return all
}

// A scopeInfo is what is known of a scope that the function opens.
type scopeInfo struct {
	ctx     *atom
	parents set
	kind    string // "NoEscape", "Open", "worker", "checkpoint"
	instr   ssa.Instruction
	ended   bool // by the call that opened it
	pos     token.Pos
}

// A state is the analysis of one function.
//
// First a fixpoint is computed that does not look at the order of instructions, but for
// loads of single variables, which see the stores that reach them. Then the instructions
// are visited once more to record events, which the rules look at.
type state struct {
	eng *engine
	fn  *ssa.Function
	sum *Summary

	busy, recursed bool

	atoms   map[atom]*atom
	sites   map[siteKey]int
	instrs  []ssa.Instruction // of the sites
	vals    map[any]tree      // by ssa.Value and *atom
	writes  map[ssa.Instruction]map[*atom]tree
	musts   map[ssa.Instruction]map[loc]bool
	wild    set // objects that are written at a time that is not known
	scopes  map[*atom]*scopeInfo
	called  map[*ssa.Function]bool // closures made here that a call is known of
	changed bool
	steps   int // of applied summaries
	work    int // of atoms copied
	gaveUp  bool

	recording bool
	under     []*atom // the scopes of the function that is being applied
	events    events

	order map[ssa.Instruction]int
	loops []*loop
}

type siteKey struct {
	instr ssa.Instruction
	key   string
}

func newState(e *engine, fn *ssa.Function) *state {
	s := &state{eng: e, fn: fn, sum: &Summary{}}
	s.order = make(map[ssa.Instruction]int)
	for _, b := range fn.Blocks {
		for i, instr := range b.Instrs {
			s.order[instr] = i
		}
	}
	return s
}

func (s *state) reset() {
	s.atoms = make(map[atom]*atom)
	s.sites = make(map[siteKey]int)
	s.instrs = nil
	s.vals = make(map[any]tree)
	s.writes = make(map[ssa.Instruction]map[*atom]tree)
	s.musts = make(map[ssa.Instruction]map[loc]bool)
	s.wild = make(set)
	s.scopes = make(map[*atom]*scopeInfo)
	s.called = make(map[*ssa.Function]bool)
	s.events = events{}
	s.steps, s.work, s.gaveUp = 0, 0, false
	s.recording = false
}

// analyse computes the state from the summaries of what the function calls.
func (s *state) analyse() {
	s.reset()
	for _, uncalled := range []bool{false, true} {
		for range 50 {
			s.changed = false
			before := s.work
			s.visit(uncalled)
			s.eng.work += s.work - before
			if !s.changed {
				break
			}
		}
	}
	s.recording = true
	s.visit(true)
	if isWrapper(s.fn) {
		for _, fv := range s.fn.FreeVars {
			for a := range s.get(fv) {
				s.symRead(a)
			}
		}
	}
	s.recording = false
}

func (s *state) visit(uncalled bool) {
	for _, b := range s.fn.Blocks {
		for _, instr := range b.Instrs {
			if s.work > maxWork || s.steps > maxSteps || s.eng.work > maxTotal {
				s.gaveUp = true
				return
			}
			s.transfer(instr)
		}
	}
	if uncalled {
		s.runUncalled()
	}
}

func (s *state) intern(a atom) *atom {
	if p := s.atoms[a]; p != nil {
		return p
	}
	p := new(atom)
	*p = a
	s.atoms[a] = p
	return p
}

// site numbers a place where things are made: an instruction and, within it, a key.
func (s *state) site(instr ssa.Instruction, key string) int {
	k := siteKey{instr, key}
	n, ok := s.sites[k]
	if !ok {
		n = len(s.instrs)
		s.sites[k] = n
		s.instrs = append(s.instrs, instr)
	}
	return n
}

func (s *state) object(instr ssa.Instruction, key, tag string) *atom {
	return s.intern(atom{kind: kObj, at: s.site(instr, key), tag: tag})
}

func (s *state) mem(instr ssa.Instruction, bases set) set {
	mems := make(set)
	for b := range bases {
		if b.isCtx() {
			mems[s.intern(atom{kind: kMem, at: s.site(instr, "mem"), base: b})] = struct{}{}
		}
	}
	return mems
}

// isCtx reports whether a may be a context.
func (a *atom) isCtx() bool {
	switch a.kind {
	case kSym, kOver, kRes:
		return true
	case kScope:
		return a.j == 0
	}
	return false
}

func (s *state) put(base any, path string, b set) {
	if len(b) == 0 {
		return
	}
	s.work += len(b)
	t := s.vals[base]
	if t == nil {
		t = make(tree)
		s.vals[base] = t
	}
	if have := t[path]; len(have) >= maxAtoms || len(t) >= maxParts && have == nil {
		return
	}
	if t.add(path, b) {
		s.changed = true
	}
}

// Beyond these numbers nothing more is followed: what is lost is not reported.
const (
	maxAtoms  = 24      // that a value may be
	maxParts  = 32      // that a value may have
	maxInstrs = 5000    // that a function may have
	maxSteps  = 20000   // of applied summaries, for one function
	maxWork   = 300000  // of atoms copied, for one function
	maxTotal  = 5000000 // the same for one package
)

func (s *state) putTree(base any, path string, t tree) {
	for p, b := range t {
		s.put(base, join(path, p), b)
	}
}

// value returns what v holds.
func (s *state) value(v ssa.Value) tree {
	switch v := v.(type) {
	case *ssa.Const, *ssa.Builtin:
		return nil
	case *ssa.Function:
		return tree{"": setOf(s.intern(atom{kind: kObj, at: -1, fn: v}))}
	case *ssa.Global:
		return tree{"": setOf(s.global(v))}
	case *ssa.Parameter:
		if s.vals[v] == nil && canHold(v.Type()) {
			for i, p := range s.fn.Params {
				if p == v {
					s.put(v, "", setOf(s.intern(atom{kind: kSym, root: 'p', at: i})))
				}
			}
		}
	case *ssa.FreeVar:
		if s.vals[v] == nil {
			for i, p := range s.fn.FreeVars {
				if p == v {
					s.put(v, "", setOf(s.intern(atom{kind: kSym, root: 'f', at: i})))
				}
			}
		}
	}
	return s.vals[v]
}

func (s *state) global(v *ssa.Global) *atom {
	name := v.Name()
	if v.Pkg != nil {
		name = v.Pkg.Pkg.Path() + "." + name
	}
	return s.intern(atom{kind: kSym, root: 'g', name: name})
}

// get returns what v itself holds, without its parts.
func (s *state) get(v ssa.Value) set { return s.value(v)[""] }

// project returns the part tok of an atom that stands for a composite value.
func (s *state) project(a *atom, path string) *atom {
	if a.kind == kSym && path != "" {
		b := *a
		b.path = join(a.path, path)
		return s.intern(b)
	}
	return a
}

// part returns the part path of t.
func (s *state) part(t tree, path string) tree {
	if path == "" {
		return t
	}
	out := make(tree)
	for p, b := range t {
		if rest, ok := under(p, path); ok {
			out.add(rest, b)
		} else if rest, ok := under(path, p); ok {
			for a := range b {
				out.add("", setOf(s.project(a, rest)))
			}
		}
	}
	return out
}

// address returns the address of the part path of what a points at.
func (s *state) address(a *atom, path string) *atom {
	switch a.kind {
	case kObj, kSym:
		if path == "" {
			return a
		}
		return s.intern(atom{kind: kRef, base: a, path: path})
	case kRef:
		return s.intern(atom{kind: kRef, base: a.base, path: join(a.path, path)})
	}
	return a
}

// place returns where a points, if that is an object.
func place(a *atom) (loc, bool) {
	switch a.kind {
	case kObj, kSym:
		return loc{a, ""}, true
	case kRef:
		return loc{a.base, a.path}, true
	}
	return loc{}, false
}

// load returns what is at the part path behind the pointers, as instr sees it.
func (s *state) load(instr ssa.Instruction, pointers set, path string) tree {
	out := make(tree)
	for a := range pointers {
		if s.work > maxWork {
			break
		}
		l, ok := place(s.address(a, path))
		if !ok {
			if a.kind == kRes || a.kind == kMem {
				out.add("", setOf(a))
			}
			continue
		}
		if len(pointers) == 1 && instr != nil && s.refine(instr, l, out) {
			continue
		}
		s.content(l, out)
		if l.obj.kind == kSym {
			out.add("", setOf(s.initial(l)))
		}
	}
	return out
}

// initial stands for what a place of the caller's holds when the function begins.
func (s *state) initial(l loc) *atom {
	a := *l.obj
	a.path = join(a.path, "*"+l.path)
	return s.intern(a)
}

// content adds to out what any store puts at l.
func (s *state) content(l loc, out tree) {
	for p, b := range s.part(s.vals[l.obj], l.path) {
		s.work += len(b)
		out.add(p, b)
	}
}

// write records that instr stores t at l.
func (s *state) write(instr ssa.Instruction, l loc, t tree) {
	s.putTree(l.obj, l.path, t)
	at := s.writes[instr]
	if at == nil {
		at = make(map[*atom]tree)
		s.writes[instr] = at
	}
	if at[l.obj] == nil {
		at[l.obj] = make(tree)
	}
	if len(t) == 0 {
		if _, ok := at[l.obj][l.path]; !ok {
			at[l.obj][l.path] = set{}
		}
	}
	for p, b := range t {
		at[l.obj].add(join(l.path, p), b)
	}
}

// reach returns the atoms of t and what is reached from the objects among them.
func (s *state) reach(t tree) set {
	seen := make(set)
	var walk func(a *atom)
	walk = func(a *atom) {
		if seen.has(a) {
			return
		}
		seen[a] = struct{}{}
		switch a.kind {
		case kObj:
			for _, b := range s.vals[a] {
				for c := range b {
					walk(c)
				}
			}
		case kRef:
			if a.base.kind == kObj {
				for _, b := range s.part(s.vals[a.base], a.path) {
					for c := range b {
						walk(c)
					}
				}
			}
		}
	}
	for _, b := range t {
		for a := range b {
			walk(a)
		}
	}
	return seen
}

// canHold reports whether a value of the type can refer to memory.
func canHold(t types.Type) bool { return holds(t, 0) }

func holds(t types.Type, depth int) bool {
	if depth > 8 {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Array:
		return holds(u.Elem(), depth+1)
	case *types.Struct:
		for i := range u.NumFields() {
			if holds(u.Field(i).Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Tuple:
		for i := range u.Len() {
			if holds(u.At(i).Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Interface:
		if tp, ok := types.Unalias(t).(*types.TypeParam); ok {
			return paramHolds(tp)
		}
		return true
	}
	return true
}

// paramHolds reports whether a type parameter may stand for a type that refers to memory.
func paramHolds(tp *types.TypeParam) bool {
	iface, ok := tp.Constraint().Underlying().(*types.Interface)
	if !ok {
		return true
	}
	for i := range iface.NumEmbeddeds() {
		switch e := iface.EmbeddedType(i).(type) {
		case *types.Union:
			for j := range e.Len() {
				if holds(e.Term(j).Type(), 1) {
					return true
				}
			}
			return false
		default:
			if b, ok := e.Underlying().(*types.Basic); ok {
				return b.Kind() == types.UnsafePointer
			}
			if inner, ok := e.Underlying().(*types.Interface); ok && inner.NumEmbeddeds() > 0 {
				if u, ok := inner.EmbeddedType(0).(*types.Union); ok {
					for j := range u.Len() {
						if holds(u.Term(j).Type(), 1) {
							return true
						}
					}
					return false
				}
			}
		}
	}
	return true
}

// isOpaque reports whether values of the type are looked at as a whole: arrays, contexts
// and all other types of the library.
func isOpaque(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return false
	}
	pkg := n.Obj().Pkg()
	return pkg != nil && (isOurs(pkg.Path()) || pkg.Path() == "context" || pkg.Path() == "time")
}

// Path is the module that the rules are about.
const Path = "github.com/allocarrays/allocarrays-go"

func isOurs(path string) bool {
	return path == Path || strings.HasPrefix(path, Path+"/") && !strings.HasPrefix(path, Path+"/scopevet")
}
