package flow

import (
	"fmt"
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// An inst is what a summary means for one call.
type inst struct {
	s     *state
	instr ssa.Instruction
	key   string
	sum   *Summary
	args  []tree
	frees []tree
	async bool // what it does is done at a time that is not known
	later bool // deferred
	inner bool // the function is a literal in this one: its positions are reported

	under []*atom // the scopes that the function runs in
	order int     // which of the functions it is that the callee calls; 0 is the callee

	results [][]tree // of its callbacks
	depth   int
}

const maxDepth = 6

// run applies the summary and returns the results.
func (in *inst) run() []tree {
	s := in.s
	if in.depth > maxDepth || len(in.key) > 400 || s.steps > maxSteps {
		return nil
	}
	s.steps += 1 + len(in.sum.Stores)/4 + len(in.sum.Calls)
	defer func(under []*atom) { s.under = under }(s.under)
	s.under = in.under
	for i := range in.sum.Scopes {
		sc := &in.sum.Scopes[i]
		ctx := in.scope(i, 0)
		info := s.scopes[ctx]
		if info == nil {
			info = &scopeInfo{ctx: ctx, parents: make(set), kind: "NoEscape", instr: in.instr, ended: sc.Ended, pos: in.pos(sc.pos)}
			if sc.Worker {
				info.kind = "worker"
			}
			s.scopes[ctx] = info
		}
		if info.parents.add(in.terms(sc.Parents)) {
			s.changed = true
		}
	}
	in.results = make([][]tree, len(in.sum.Calls))
	for i := range in.sum.Calls {
		in.results[i] = in.callback(i)
	}
	for k := range in.sum.Objects {
		ob := &in.sum.Objects[k]
		o := in.object(k)
		for _, c := range ob.Contents {
			s.putTree(o, c.Path, in.trees(c.Terms))
		}
	}
	for i := range in.sum.Stores {
		in.store(&in.sum.Stores[i])
	}
	if s.recording {
		in.record()
	}
	var out []tree
	for _, c := range in.sum.Results {
		for len(out) <= c.Index {
			out = append(out, make(tree))
		}
		for p, b := range in.trees(c.Terms) {
			out[c.Index].add(join(c.Path, p), b)
		}
	}
	return out
}

func (in *inst) pos(p token.Pos) token.Pos {
	if in.inner && p.IsValid() {
		return p
	}
	if c, ok := in.instr.(ssa.CallInstruction); ok {
		return c.Pos()
	}
	return in.instr.Pos()
}

func (in *inst) scope(i, j int) *atom {
	return in.s.intern(atom{kind: kScope, at: in.s.site(in.instr, fmt.Sprintf("%s scope%d", in.key, i)), j: j})
}

func (in *inst) object(k int) *atom {
	ob := &in.sum.Objects[k]
	return in.s.intern(atom{kind: kObj, at: in.s.site(in.instr, in.key), j: k, fn: ob.fn, tag: ob.Tag})
}

// callback runs a function that the callee calls and the caller has given.
func (in *inst) callback(i int) []tree {
	s, cb := in.s, &in.sum.Calls[i]
	var args []tree
	for _, c := range cb.Args {
		for len(args) <= c.Index {
			args = append(args, make(tree))
		}
		for p, b := range in.trees(c.Terms) {
			args[c.Index].add(join(c.Path, p), b)
		}
	}
	under := in.under
	for _, t := range args {
		for a := range t[""] {
			if a.kind == kScope && a.j == 0 {
				under = append(under[:len(under):len(under)], a)
			}
		}
	}
	var out []tree
	for _, f := range sorted(in.terms([]*Term{cb.Fn})) {
		var res []tree
		switch {
		case cb.Serve && f.tag == "timeout":
			if s.recording && (cb.Scoped || len(under) > 0) {
				s.events.served = append(s.events.served, servedEvent{under: under, scoped: true, pos: in.pos(cb.pos)})
			}
		case f.kind == kObj && f.fn != nil:
			s.called[f.fn] = true
			sum := s.eng.summary(origin(f.fn))
			if sum == nil {
				continue
			}
			if cb.Async && s.recording {
				uses := s.reachAt(in.instr, tree{"": setOf(f)})
				s.goes(in.instr, uses, "a goroutine", in.pos(cb.pos))
				s.events.goes[len(s.events.goes)-1].on = in.terms(cb.Await)
			}
			sub := &inst{
				s: s, instr: in.instr, key: fmt.Sprintf("%s>%d:%d.%d", in.key, i, f.at, f.j), sum: sum, args: args,
				frees: s.bindings(f), async: in.async || cb.Async, later: in.later, inner: f.fn.Parent() != nil && f.fn.Synthetic == "" && in.inHere(f.fn), depth: in.depth + 1, under: under, order: max(in.order, i+1),
			}
			res = sub.run()
		case f.kind == kSym:
			n := in.sum.callbackResults()
			serve := ""
			if cb.Serve {
				serve = "ServeHTTP"
			}
			res = s.callback(in.instr, 100+i, f, args, cb.Async, in.terms(cb.Await), in.pos(cb.pos), n, serve)
			if s.recording {
				ev := &s.events.callbacks[len(s.events.callbacks)-1]
				ev.scoped = ev.scoped || cb.Scoped
				ev.under = under
			}
		}
		for j, t := range res {
			for len(out) <= j {
				out = append(out, make(tree))
			}
			for p, b := range t {
				out[j].add(p, b)
			}
		}
	}
	return out
}

// inHere reports whether fn is a literal in the function that is analysed.
func (in *inst) inHere(fn *ssa.Function) bool {
	for p := fn.Parent(); p != nil; p = p.Parent() {
		if p == in.s.fn {
			return true
		}
	}
	return false
}

// callbackResults returns how many results of callbacks the summary speaks of, at most.
func (sum *Summary) callbackResults() int {
	if sum.res > 0 {
		return sum.res - 1
	}
	n := 0
	count := func(ts []*Term) {
		for _, t := range ts {
			n = max(n, t.maxRes())
		}
	}
	for _, c := range sum.Results {
		count(c.Terms)
	}
	for _, ob := range sum.Objects {
		for _, c := range ob.Contents {
			count(c.Terms)
		}
	}
	for _, st := range sum.Stores {
		count(st.Terms)
	}
	sum.res = n + 1
	return n
}

// maxRes returns how many results of callbacks t speaks of.
func (t *Term) maxRes() int {
	n := 0
	for ; t != nil; t = t.Base {
		if t.Kind == kRes {
			n = max(n, t.J+1)
		}
	}
	return n
}

// terms returns the atoms that the terms mean here.
func (in *inst) terms(ts []*Term) set {
	out := make(set)
	for _, t := range ts {
		out.add(in.term(t))
	}
	return out
}

func (in *inst) term(t *Term) set {
	s := in.s
	switch t.Kind {
	case kSym:
		return in.sym(t)[""]
	case kObj:
		if t.At < 0 {
			return setOf(s.intern(atom{kind: kObj, at: -1, fn: t.fn}))
		}
		if t.At < len(in.sum.Objects) {
			return setOf(in.object(t.At))
		}
	case kScope:
		return setOf(in.scope(t.At, t.J))
	case kMem:
		mems := s.mem(in.instr, in.term(t.Base))
		if t.Tag == "string" {
			tagged := make(set)
			for a := range mems {
				b := *a
				b.tag = t.Tag
				tagged[s.intern(b)] = struct{}{}
			}
			return tagged
		}
		return mems
	case kOver:
		out := make(set)
		for b := range in.term(t.Base) {
			if b.kind == kObj || b.kind == kSym {
				out[s.intern(atom{kind: kOver, base: b})] = struct{}{}
			} else if b.isCtx() {
				out[b] = struct{}{}
			}
		}
		return out
	case kRef:
		out := make(set)
		for b := range in.term(t.Base) {
			out[s.address(b, t.Path)] = struct{}{}
		}
		return out
	case kRes:
		if t.At < len(in.results) && t.J < len(in.results[t.At]) {
			return in.results[t.At][t.J].all()
		}
	}
	return nil
}

// trees is terms, with the parts of what the caller gives by value.
func (in *inst) trees(ts []*Term) tree {
	out := make(tree)
	for _, t := range ts {
		switch {
		case t.Kind == kSym:
			for p, b := range in.sym(t) {
				out.add(p, b)
			}
		case t.Kind == kRes && t.At < len(in.results) && t.J < len(in.results[t.At]):
			for p, b := range in.results[t.At][t.J] {
				out.add(p, b)
			}
		default:
			out.add("", in.term(t))
		}
	}
	return out
}

// sym follows the path of a term from a parameter, a captured variable or a global.
func (in *inst) sym(t *Term) tree {
	s := in.s
	var cur tree
	switch t.Root {
	case 'p':
		if t.At < len(in.args) {
			cur = in.args[t.At]
		}
	case 'f':
		if t.At < len(in.frees) {
			cur = in.frees[t.At]
		}
	case 'g':
		return tree{"": setOf(s.intern(atom{kind: kSym, root: 'g', name: t.Name, path: t.Path}))}
	}
	path := t.Path
	at := in.instr
	if in.async || in.later {
		at = nil
	}
	for path != "" && cur != nil {
		tok, rest := cutToken(path)
		path = rest
		if tok != "*" {
			cur = s.part(cur, tok)
			continue
		}
		offset := ""
		for path != "" && path[0] != '*' {
			tok, path = cutToken(path)
			offset += tok
		}
		next := s.load(at, cur[""], offset)
		if in.order > 1 { // what functions called before have stored
			for a := range cur[""] {
				if l, ok := place(s.address(a, offset)); ok {
					for p, b := range s.part(s.writes[in.instr][l.obj], l.path) {
						next.add(p, b)
					}
				}
			}
		}
		cur = next
	}
	return cur
}

// store applies a store of the callee.
func (in *inst) store(st *Store) {
	s := in.s
	dst := in.term(st.Dst)
	told := make(set)
	if st.Dst.Root != 'f' {
		for i := range in.sum.Scopes {
			told[in.scope(i, 0)] = struct{}{}
		}
	}
	t := in.trees(st.Terms)
	if len(t.all()) == 0 {
		t = nil
	}
	for _, a := range sorted(dst) {
		l, ok := place(s.address(a, st.Path))
		if !ok {
			continue
		}
		s.write(in.instr, l, t)
		if in.async {
			if !s.wild.has(l.obj) {
				s.wild[l.obj] = struct{}{}
				s.changed = true
			}
		}
		if s.recording {
			must := st.Must && len(dst) == 1 && single(l) && !in.async && in.depth == 0
			if must {
				s.must(in.instr, l)
			}
			s.events.stores = append(s.events.stores, storeEvent{
				instr: in.instr, at: l, what: t, sink: st.Sink, must: must, async: in.async, told: told, order: in.order, under: in.under, pos: in.pos(st.pos),
			})
		}
	}
}

// record adds the callee's events to the caller's.
func (in *inst) record() {
	s := in.s
	for i := range in.sum.Allocs {
		al := &in.sum.Allocs[i]
		if ctx := in.terms(al.Ctx); len(ctx) > 0 {
			s.events.allocs = append(s.events.allocs, allocEvent{instr: in.instr, ctx: ctx, uses: al.Uses, kept: al.Kept, async: in.async, under: in.under, pos: in.pos(al.pos)})
		}
	}
	for i := range in.sum.Releases {
		r := &in.sum.Releases[i]
		if what := in.terms(r.What); len(what) > 0 {
			s.events.releases = append(s.events.releases, releaseEvent{instr: in.instr, what: what, kind: r.Kind, later: in.later, async: in.async, under: in.under, pos: in.pos(r.pos)})
		}
	}
	for i := range in.sum.Goes {
		g := &in.sum.Goes[i]
		uses := make(set)
		for a := range in.trees(g.Uses).all() {
			uses[a] = struct{}{}
			uses.add(s.reach(tree{"": setOf(a)}))
		}
		s.goes(in.instr, uses, g.How, in.pos(g.pos))
		s.events.goes[len(s.events.goes)-1].ctxs = in.terms(g.Ctxs)
	}
	if !in.async {
		if len(in.sum.Waits) > 0 {
			s.wait(in.instr, in.terms(in.sum.Waits))
		}
	}
	if len(in.sum.Reads) > 0 {
		read := in.terms(in.sum.Reads)
		s.readAt(in.instr, read)
		if in.order > 0 {
			s.events.readBy = append(s.events.readBy, readEvent{instr: in.instr, what: read, order: in.order, under: in.under})
		}
		for a := range read {
			if a.kind == kSym {
				s.symRead(a)
			}
		}
	}
	for i := range in.sum.Unknown {
		u := &in.sum.Unknown[i]
		if args := in.trees(u.Args).all(); len(args) > 0 {
			s.events.unknown = append(s.events.unknown, unknownEvent{instr: in.instr, args: args, what: u.What, under: in.under, pos: in.pos(u.pos)})
		}
	}
	for i := range in.sum.Shared {
		l := &in.sum.Shared[i]
		s.events.shared = append(s.events.shared, loopEvent{ctx: in.terms(l.Ctx), pos: in.pos(l.pos)})
	}
	if in.inner {
		for i := range in.sum.Loops {
			l := &in.sum.Loops[i]
			s.events.inner = append(s.events.inner, loopEvent{ctx: in.terms(l.Ctx), bytes: l.Bytes, pos: in.pos(l.pos)})
		}
	}
	for _, i := range in.sum.Fast {
		if i < len(in.args) {
			s.checkFast(in.instr, in.args[i])
		}
	}
}
