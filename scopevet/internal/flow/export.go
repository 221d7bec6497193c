package flow

import (
	"golang.org/x/tools/go/ssa"
)

// An exporter turns what a state has found into a Summary.
type exporter struct {
	s       *state
	sum     *Summary
	objects map[*atom]int
	scopes  map[*atom]int
	calls   map[int]int // by site
}

const (
	maxObjects = 24
	maxCalls   = 12
)

// summarise returns the summary of the function. The rules have not been looked at yet.
func (s *state) summarise() *Summary {
	if s.gaveUp {
		return &Summary{}
	}
	ex := &exporter{s: s, sum: &Summary{}, objects: make(map[*atom]int), scopes: make(map[*atom]int), calls: make(map[int]int)}
	sum := ex.sum
	s.findFast()
	for _, cb := range s.events.callbacks {
		if _, ok := ex.calls[cb.site]; !ok && len(ex.calls) < maxCalls {
			ex.calls[cb.site] = len(ex.calls)
		}
	}
	for i := range s.events.callbacks {
		cb := &s.events.callbacks[i]
		if n, ok := ex.calls[cb.site]; !ok || n != len(sum.Calls) {
			continue // recorded before
		}
		out := Callback{Fn: ex.term(cb.fn), Async: cb.async, Await: ex.terms(cb.await), Serve: cb.serve, Scoped: cb.scoped, pos: cb.pos}
		if out.Fn == nil {
			out.Fn = &Term{Kind: kSym, Root: 'g'}
		}
		sum.Calls = append(sum.Calls, out)
		for j, t := range cb.args {
			out.Args = append(out.Args, ex.contents(j, t)...)
			if len(t) == 0 {
				out.Args = append(out.Args, Content{Index: j})
			}
		}
		sum.Calls[len(sum.Calls)-1] = out
	}
	for _, b := range s.fn.Blocks {
		ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		for j, v := range ret.Results {
			if canHold(v.Type()) || isString(v.Type()) {
				sum.Results = mergeContents(sum.Results, ex.contents(j, s.value(v)))
			}
		}
	}
	for i := range s.events.stores {
		ex.store(&s.events.stores[i])
	}
	for _, al := range s.events.allocs {
		if len(sum.Allocs) >= 32 {
			break
		}
		if ctx := ex.terms(s.callers(al.ctx)); len(ctx) > 0 {
			sum.Allocs = append(sum.Allocs, Alloc{Ctx: ctx, Uses: al.uses, Kept: al.kept || s.survives(al), pos: al.pos})
		}
	}
	for _, r := range s.events.releases {
		if r.kind == "Release" || r.kind == "Move" { // of its own arrays a caller knows no more than that they came from a context
			r.what = s.symsOnly(r.what)
		}
		if what := ex.terms(s.callers(r.what)); len(what) > 0 && len(sum.Releases) < 32 {
			sum.Releases = append(sum.Releases, Release{What: what, Kind: r.kind, pos: r.pos})
		}
	}
	for _, g := range s.events.goes {
		if len(sum.Goes) >= 16 || s.awaited(g, nil) {
			continue
		}
		if uses := ex.terms(s.callers(g.uses)); len(uses) > 0 {
			sum.Goes = append(sum.Goes, Go{Uses: uses, Ctxs: ex.terms(s.callers(s.goCtxs(g))), How: g.how, pos: g.pos})
		}
	}
	for _, on := range s.events.waits {
		sum.Waits = mergeTerms(sum.Waits, ex.terms(s.symsOnly(on)))
	}
	for _, a := range sorted(s.events.symReads) {
		if len(sum.Reads) < 64 {
			if t := ex.term(a); t != nil {
				sum.Reads = append(sum.Reads, t)
			}
		}
	}
	for _, u := range s.events.unknown {
		if len(sum.Unknown) >= 16 {
			break
		}
		if args := ex.terms(s.callers(u.args)); len(args) > 0 {
			sum.Unknown = append(sum.Unknown, Unknown{Args: args, What: u.what, pos: u.pos})
		}
	}
	for _, l := range append(s.loopEvents(), s.events.inner...) {
		if ctx := ex.terms(s.callers(l.ctx)); len(ctx) > 0 {
			sum.Loops = append(sum.Loops, Loop{Ctx: ctx, Bytes: l.bytes, pos: l.pos})
		}
	}
	for _, l := range s.sharing() {
		if ctx := ex.terms(s.callers(l.ctx)); len(ctx) > 0 {
			sum.Shared = append(sum.Shared, Loop{Ctx: ctx, pos: l.pos})
		}
	}
	for i := range s.events.flat {
		sum.Flat = append(sum.Flat, i)
	}
	for i := range s.events.fast {
		sum.Fast = append(sum.Fast, i)
	}
	return sum
}

// callers returns the atoms that mean something to the caller.
func (s *state) callers(b set) set {
	out := make(set)
	for a := range b {
		if s.outer(a) {
			out[a] = struct{}{}
		}
	}
	return out
}

func (s *state) symsOnly(b set) set {
	out := make(set)
	for a := range b {
		if a.kind == kSym {
			out[a] = struct{}{}
		}
	}
	return out
}

// outer reports whether a comes from the caller.
func (s *state) outer(a *atom) bool {
	switch a.kind {
	case kSym:
		return true
	case kMem, kOver, kRef:
		return s.outer(a.base)
	}
	return false
}

// store exports a store into what the function has not made.
func (ex *exporter) store(st *storeEvent) {
	if st.at.obj.kind != kSym {
		return
	}
	if st.at.obj.root == 'p' && st.at.path == "" && st.at.obj.path == "" && st.sink == "" && len(st.what) == 0 {
		return
	}
	if !st.async && ex.s.cleared(st.instr, st.at) {
		return
	}
	dst := ex.term(st.at.obj)
	must := (st.must || len(ex.s.musts[st.instr]) > 0 && ex.s.musts[st.instr][st.at]) && ex.s.always(st.instr)
	n := 0
	for _, c := range ex.contents(0, st.what) {
		if len(c.Terms) > 0 {
			ex.addStore(Store{Dst: dst, Path: join(st.at.path, c.Path), Terms: c.Terms, Sink: st.sink, Must: must, pos: st.pos})
			n++
		}
	}
	if n == 0 && must {
		ex.addStore(Store{Dst: dst, Path: st.at.path, Must: true, pos: st.pos})
	}
}

const maxStores = 32

// addStore adds a store, or its terms to one like it. Those of function literals are
// kept apart, because their positions are reported.
func (ex *exporter) addStore(st Store) {
	literal := ex.s.fn.Parent() != nil
	for i := range ex.sum.Stores {
		have := &ex.sum.Stores[i]
		if have.Path == st.Path && have.Sink == st.Sink && have.Must == st.Must && have.Dst.equal(st.Dst) && (!literal || have.pos == st.pos) {
			have.Terms = mergeTerms(have.Terms, st.Terms)
			return
		}
	}
	if len(ex.sum.Stores) < maxStores {
		ex.sum.Stores = append(ex.sum.Stores, st)
	}
}

// always reports whether every way through the function executes instr.
func (s *state) always(instr ssa.Instruction) bool {
	if len(s.fn.Blocks) == 0 {
		return false
	}
	first := s.fn.Blocks[0].Instrs[0]
	if first == instr {
		return true
	}
	isInstr := func(at ssa.Instruction) bool { return at == instr }
	return !s.search(first, isInstr, func(at ssa.Instruction) bool { _, ok := at.(*ssa.Return); return ok })
}

func mergeContents(a, b []Content) []Content {
outer:
	for _, c := range b {
		for i := range a {
			if a[i].Index == c.Index && a[i].Path == c.Path {
				a[i].Terms = mergeTerms(a[i].Terms, c.Terms)
				continue outer
			}
		}
		a = append(a, c)
	}
	return a
}

func mergeTerms(a, b []*Term) []*Term {
outer:
	for _, t := range b {
		for _, u := range a {
			if t.equal(u) {
				continue outer
			}
		}
		a = append(a, t)
	}
	return a
}

func (t *Term) equal(u *Term) bool {
	if t == nil || u == nil {
		return t == u
	}
	return t.Kind == u.Kind && t.At == u.At && t.J == u.J && t.Root == u.Root && t.Path == u.Path && t.Name == u.Name &&
		t.Tag == u.Tag && t.fn == u.fn && t.Base.equal(u.Base)
}

// contents exports a tree.
func (ex *exporter) contents(index int, t tree) []Content {
	var out []Content
	for _, p := range sortedPaths(t) {
		out = append(out, Content{Index: index, Path: p, Terms: ex.terms(t[p])})
	}
	return out
}

func sortedPaths(t tree) []string {
	ps := make([]string, 0, len(t))
	for p := range t {
		ps = append(ps, p)
	}
	for i := range ps { // few
		for j := i + 1; j < len(ps); j++ {
			if ps[j] < ps[i] {
				ps[i], ps[j] = ps[j], ps[i]
			}
		}
	}
	return ps
}

func (ex *exporter) terms(b set) []*Term {
	var out []*Term
	for _, a := range sorted(b) {
		if t := ex.term(a); t != nil {
			out = mergeTerms(out, []*Term{t})
		}
	}
	return out
}

// term exports an atom; nil if it means nothing to the caller.
func (ex *exporter) term(a *atom) *Term {
	switch a.kind {
	case kSym:
		return &Term{Kind: kSym, At: a.at, Root: a.root, Path: a.path, Name: a.name}
	case kObj:
		if a.at < 0 {
			return &Term{Kind: kObj, At: -1, fn: a.fn}
		}
		if i, ok := ex.object(a); ok {
			return &Term{Kind: kObj, At: i}
		}
	case kScope:
		if i, ok := ex.scope(a); ok {
			return &Term{Kind: kScope, At: i, J: a.j}
		}
	case kMem, kOver, kRef:
		if base := ex.term(a.base); base != nil {
			return &Term{Kind: a.kind, Base: base, Path: a.path, Tag: a.tag}
		}
	case kRes:
		if i, ok := ex.calls[a.at]; ok {
			return &Term{Kind: kRes, At: i, J: a.j}
		}
	}
	return nil
}

func (ex *exporter) object(a *atom) (int, bool) {
	if i, ok := ex.objects[a]; ok {
		return i, true
	}
	i := len(ex.sum.Objects)
	if i >= maxObjects {
		return 0, false
	}
	ex.objects[a] = i
	ex.sum.Objects = append(ex.sum.Objects, Object{Tag: a.tag, fn: a.fn})
	contents := ex.contents(0, ex.s.atExit(a))
	ex.sum.Objects[i].Contents = contents
	return i, true
}

// atExit returns what an object holds when the function returns.
func (s *state) atExit(a *atom) tree {
	all := s.vals[a]
	if s.wild.has(a) {
		return all
	}
	out := make(tree)
	for p, b := range all {
		for c := range b {
			written, survives := false, false
			for instr, objs := range s.writes {
				if t := objs[a]; t != nil && t[p].has(c) {
					written = true
					if !s.cleared(instr, loc{a, p}) {
						survives = true
						break
					}
				}
			}
			if survives || !written {
				out.add(p, setOf(c))
			}
		}
	}
	return out
}

func (ex *exporter) scope(a *atom) (int, bool) {
	if i, ok := ex.scopes[a.context(ex.s)]; ok {
		return i, true
	}
	ctx := a.context(ex.s)
	info := ex.s.scopes[ctx]
	if info == nil || len(ex.sum.Scopes) >= maxObjects {
		return 0, false
	}
	i := len(ex.sum.Scopes)
	ex.scopes[ctx] = i
	ex.sum.Scopes = append(ex.sum.Scopes, Scope{Ended: info.ended || ex.s.endsHere(info), Worker: info.kind == "worker", pos: info.pos})
	ex.sum.Scopes[i].Parents = ex.terms(info.parents)
	return i, true
}

// context returns the atom of the scope's context, for that of its handle.
func (a *atom) context(s *state) *atom {
	if a.j == 0 {
		return a
	}
	for ctx := range s.scopes {
		if ctx.at == a.at {
			return ctx
		}
	}
	return a
}
