package flow

import (
	"fmt"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
)

// check reports what the rules find in the function.
func (s *state) check() {
	for _, info := range s.sortedScopes() {
		switch {
		case info.ended:
			s.checkEnded(info, map[ssa.Instruction]bool{info.instr: true}, false)
			s.checkInside(info)
		case info.kind == "Open":
			s.checkOpen(info)
		case info.kind == "checkpoint":
			s.checkPair(info.instr, info, "Restore")
		}
	}
	s.checkReleases()
	s.checkGroups()
	s.checkShared()
	s.checkLoops()
	s.checkUninitialised()
	s.checkInterceptor()
	s.checkServed()
}

func (s *state) sortedScopes() []*scopeInfo {
	as := make(set)
	for a := range s.scopes {
		as[a] = struct{}{}
	}
	var infos []*scopeInfo
	for _, a := range sorted(as) {
		infos = append(infos, s.scopes[a])
	}
	return infos
}

// related points at another place.
func related(pos token.Pos, message string) analysis.RelatedInformation {
	return analysis.RelatedInformation{Pos: pos, Message: message}
}

// checkEnded looks for what leaves a scope that ends at one of the instructions or, if
// atExit, when the function returns.
func (s *state) checkEnded(info *scopeInfo, ends map[ssa.Instruction]bool, atExit bool) {
	ctx := info.ctx
	for i := range s.events.stores {
		st := &s.events.stores[i]
		reached := s.reach(st.what)
		mems, ctxs := s.memWithin(reached, ctx), s.ctxWithin(reached, ctx)
		if len(mems)+len(ctxs) == 0 {
			continue
		}
		outside := st.at.obj.kind == kSym
		if !outside && !(st.async && !s.insideOnly(st, info)) {
			if !(isSink(st.sink) && s.takenElsewhere(st.at.obj, info)) {
				continue // looked at where it is read
			}
		}
		if st.told.has(ctx) {
			continue // reported there
		}
		if s.fn.Parent() != nil && st.at.obj.root == 'f' && !isSink(st.sink) {
			continue // the function around this one knows the variable
		}
		if !st.async && s.cleared(st.instr, st.at) {
			continue
		}
		s.reportEscape(st, mems, ctxs, info)
	}
	if atExit {
		for _, b := range s.fn.Blocks {
			if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok {
				got := s.uses(ret)
				if len(s.memWithin(got, ctx)) > 0 {
					s.report("escape", ret.Pos(), "memory of the scope opened at "+s.place(info.pos)+" is returned, and the scope has ended by then: copy it (Heap, slices.Clone) or end the scope in the caller")
				} else if len(s.ctxWithin(s.returned(ret), ctx)) > 0 {
					s.report("keptctx", ret.Pos(), "the context of the scope opened at "+s.place(info.pos)+" is returned, and the scope has ended by then")
				}
			}
		}
	}
	for end := range ends {
		s.search(end, func(at ssa.Instruction) bool { return at == info.instr }, func(at ssa.Instruction) bool {
			if at == info.instr && !info.ended {
				return false
			}
			if mems := s.memWithin(s.uses(at), ctx); len(mems) > 0 && s.usedAfter(at, end, mems) {
				s.reportStale(info, mems, at)
			}
			for _, al := range s.events.allocs {
				if al.instr == at && at != info.instr && al.uses == "allocates with" && len(s.ctxWithin(al.ctx, ctx)) > 0 {
					s.reportLateCtx(info, al)
				}
			}
			return false
		})
	}
	if info.ended {
		s.checkReadBy(info)
	}
	for _, g := range s.events.goes {
		s.checkGo(g, info, ends, atExit)
	}
	if ListUnknown {
		for _, u := range s.events.unknown {
			if len(s.memWithin(u.args, ctx)) > 0 {
				s.report("unknowncall", u.pos, "memory of a scope is given to "+u.what+", of which nothing is known")
			}
		}
	}
}

// checkReadBy looks at a call that runs one function in a scope and then another, which
// reads what the first one has kept.
func (s *state) checkReadBy(info *scopeInfo) {
	for _, r := range s.events.readBy {
		if r.instr != info.instr || hasUnder(r.under, info.ctx) {
			continue
		}
		mems := s.memWithin(s.reach(tree{"": r.what}), info.ctx)
		for i := range s.events.stores {
			st := &s.events.stores[i]
			if st.instr == info.instr && st.order > 0 && st.order < r.order && s.reach(st.what).meets(mems) {
				s.report("escape", st.pos, "memory of a scope that "+s.callee(info.instr)+" opens is used after it, by another function that it calls: copy it (Heap, CopyTo, slices.Clone)")
			}
		}
	}
}

func (s *state) callee(instr ssa.Instruction) string {
	if c, ok := instr.(ssa.CallInstruction); ok && c.Common().StaticCallee() != nil {
		return c.Common().StaticCallee().Name()
	}
	return "this call"
}

// usedAfter reports whether the use of mems at at may be of what was allocated before end:
// the memory is not allocated anew on the way.
func (s *state) usedAfter(at, end ssa.Instruction, mems set) bool {
	for m := range mems {
		site := s.siteOf(m)
		if site == nil || site == end || site == at {
			return true
		}
		if s.search(end, func(x ssa.Instruction) bool { return x == site }, func(x ssa.Instruction) bool { return x == at }) {
			return true
		}
	}
	return false
}

// siteOf returns the instruction that made an atom.
func (s *state) siteOf(a *atom) ssa.Instruction {
	if a.at >= 0 && a.at < len(s.instrs) && (a.kind == kMem || a.kind == kObj || a.kind == kScope) {
		return s.instrs[a.at]
	}
	return nil
}

// insideOnly reports whether an asynchronous store is into an object of the same scope.
func (s *state) insideOnly(st *storeEvent, info *scopeInfo) bool {
	return s.siteOf(st.at.obj) == info.instr
}

func isSink(sink string) bool {
	return sink != "" && sink != "a map"
}

// takenElsewhere reports whether somebody else takes from the object: a goroutine, or the
// function after the scope.
func (s *state) takenElsewhere(o *atom, info *scopeInfo) bool {
	if s.siteOf(o) == info.instr {
		return false
	}
	for _, g := range s.events.goes {
		if g.uses.has(o) && g.instr != info.instr {
			return true
		}
	}
	return false
}

func (s *state) returned(ret *ssa.Return) set {
	out := make(set)
	for _, v := range ret.Results {
		out.add(s.reachExit(s.value(v)))
	}
	return out
}

// place names a position in messages: the line, and the file if it is another.
func (s *state) place(pos token.Pos) string {
	if !pos.IsValid() {
		return "another function"
	}
	return fmt.Sprintf("line %d", s.eng.pass.Fset.Position(pos).Line)
}

func describe(l loc, sink string) string {
	switch {
	case sink != "":
		return sink
	case l.obj.root == 'g':
		name := l.obj.name
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			name = name[i+1:]
		}
		return "the global variable " + name
	case strings.Contains(l.path, "[]") || strings.Contains(l.obj.path, "[]"):
		return "a slice or map"
	case l.obj.root == 'p':
		return "what a parameter points at"
	}
	return "a variable"
}

func (s *state) reportEscape(st *storeEvent, mems, ctxs set, info *scopeInfo) {
	if len(mems) > 0 {
		s.report("escape", st.pos, "memory of the scope opened at "+s.place(info.pos)+" is kept in "+describe(st.at, st.sink)+" beyond the end of the scope: copy it (Heap, CopyTo, slices.Clone)")
		return
	}
	s.report("keptctx", st.pos, "the context of the scope opened at "+s.place(info.pos)+" is kept in "+describe(st.at, st.sink)+" beyond the end of the scope: what is allocated through it later is not the scope's")
}

// reportStale reports a use of memory after its scope: where it left the scope, if that
// is known.
func (s *state) reportStale(info *scopeInfo, mems set, use ssa.Instruction) {
	pos := s.usePos(use)
	if info.ended {
		for i := range s.events.stores {
			st := &s.events.stores[i]
			if st.instr == info.instr && st.pos.IsValid() && st.at.obj != nil && s.reach(st.what).meets(mems) {
				s.report("escape", st.pos, "memory of the scope opened at "+s.place(info.pos)+" is used after it, at "+s.place(pos)+": copy it (Heap, CopyTo, slices.Clone)", related(pos, "used here"))
				return
			}
		}
		s.report("escape", pos, "memory of the scope opened at "+s.place(info.pos)+" is used after the end of the scope: copy it (Heap, CopyTo, slices.Clone)")
		return
	}
	s.report("stale", pos, "memory of the scope opened at "+s.place(info.pos)+" is used after its End")
}

func (s *state) reportLateCtx(info *scopeInfo, al allocEvent) {
	if info.ended {
		for i := range s.events.stores {
			st := &s.events.stores[i]
			if st.instr == info.instr && s.reach(st.what).meets(al.ctx) {
				s.report("keptctx", st.pos, "the context of the scope opened at "+s.place(info.pos)+" is used after the scope, at "+s.place(al.pos), related(al.pos, "used here"))
				return
			}
		}
	}
	s.report("keptctx", al.pos, "the context of the scope opened at "+s.place(info.pos)+" is used after the end of the scope")
}

// usePos returns a position for an instruction, which may have none.
func (s *state) usePos(instr ssa.Instruction) token.Pos {
	if instr.Pos().IsValid() {
		return instr.Pos()
	}
	for _, op := range instr.Operands(nil) {
		if *op != nil && (*op).Pos().IsValid() {
			return (*op).Pos()
		}
	}
	return s.fn.Pos()
}

// checkGo looks at a goroutine for a scope that ends.
func (s *state) checkGo(g goEvent, info *scopeInfo, ends map[ssa.Instruction]bool, atExit bool) {
	ctx := info.ctx
	inside := false
	for _, u := range g.under {
		if u == ctx || s.within(u, ctx) {
			inside = true
		}
	}
	if g.instr == info.instr && !inside {
		return // the scope is the goroutine's own
	}
	mems, ctxs := s.memWithin(g.uses, ctx), s.ctxWithin(s.goCtxs(g), ctx)
	if len(mems)+len(ctxs) == 0 {
		return
	}
	if info.kind == "worker" && !inside {
		return
	}
	if !inside { // started by this function
		stops := make(map[ssa.Instruction]bool)
		for e := range ends {
			if e != info.instr {
				stops[e] = true
			}
		}
		if (len(stops) == 0 || s.awaited(g, stops)) && (!atExit && len(stops) > 0 || s.awaited(g, nil)) {
			return
		}
	}
	if len(mems) > 0 {
		s.report("goroutine", g.pos, "memory of the scope opened at "+s.place(info.pos)+" is used by "+g.how+" that the scope does not wait for: wait for it inside, or copy")
		return
	}
	s.report("goroutine", g.pos, "the context of the scope opened at "+s.place(info.pos)+" is used by "+g.how+" that the scope does not wait for: wait for it inside")
}

// checkInside looks at what the function of a scope does: allocations through another
// context, and releases of what the scope stands on.
func (s *state) checkInside(info *scopeInfo) {
	outer := s.ancestors(info.ctx)
	for _, al := range s.events.allocs {
		if !hasUnder(al.under, info.ctx) || al.instr != info.instr {
			continue
		}
		// only of the innermost scope it is in
		if al.under[len(al.under)-1] != info.ctx {
			continue
		}
		for c := range al.ctx {
			if outer.has(c) && !s.within(c, info.ctx) {
				s.reportFix("outerctx", al.pos, "this "+al.uses+" a context from outside the scope opened at "+s.place(info.pos)+": use the one that the function of the scope gets",
					s.innerContext(al.pos, info.pos))
				break
			}
		}
	}
	bufs := s.buffers(setOf(info.ctx))
	for _, r := range s.events.releases {
		if r.instr != info.instr || !hasUnder(r.under, info.ctx) {
			continue
		}
		switch r.kind {
		case "End", "Wait", "Free", "Release", "Move": // not of a buffer
			continue
		}
		if r.kind == "Restore" || r.kind == "Unwind" {
			own := true
			for a := range r.what {
				if a.kind == kScope && s.siteOf(a) != info.instr {
					own = false
				}
			}
			if own {
				continue
			}
		}
		if s.buffers(r.what).meets(bufs) || s.sameOwner(r.what, info) {
			s.report("reset", r.pos, r.kind+" of the buffer while the scope opened at "+s.place(info.pos)+" is open: it is refused, or takes the scope's memory away")
		}
	}
}

// sameOwner reports whether a buffer and the context of a scope are fields of one object
// of the caller's.
func (s *state) sameOwner(what set, info *scopeInfo) bool {
	for a := range what {
		if a.kind != kSym || a.path == "" || a.root == 'g' {
			continue
		}
		for p := range info.parents {
			if p.kind == kSym && p.path != "" && p.root == a.root && p.at == a.at && strings.Count(p.path, "*") >= 1 && firstHop(p.path) == firstHop(a.path) && p.path != a.path {
				return true
			}
		}
	}
	return false
}

func firstHop(p string) string {
	tok, _ := cutToken(p)
	return tok
}

func hasUnder(under []*atom, ctx *atom) bool {
	for _, u := range under {
		if u == ctx {
			return true
		}
	}
	return false
}
