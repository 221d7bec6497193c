package flow

import (
	"golang.org/x/tools/go/ssa"
)

// checkReleases looks for uses of memory after Reset, Restore, Close, Free, Release and
// Move, and for second ends.
func (s *state) checkReleases() {
	for i := range s.events.releases {
		r := &s.events.releases[i]
		if r.kind == "End" || r.kind == "Wait" || r.async || len(r.under) > 0 {
			continue
		}
		mems := s.released(r)
		if r.later {
			s.checkReleasedAtExit(r, mems)
			continue
		}
		rule, after := "stale", "the "+r.kind+" of its buffer"
		switch r.kind {
		case "Free":
			after = "Free"
		case "Release", "Move":
			rule, after = "release", r.kind
		}
		for _, m := range sorted(mems) {
			site := s.siteOf(m)
			if m.kind == kMem && site != nil && site != r.instr && !s.before(site, r.instr) {
				continue
			}
			s.search(r.instr, func(at ssa.Instruction) bool { return at == site && site != nil }, func(at ssa.Instruction) bool {
				if at == r.instr || !s.uses(at).has(m) {
					if !(m.kind == kSym && s.usesSym(at, m)) || at == r.instr {
						return false
					}
				}
				if rule == "release" && s.mayBeOther(at, m, mems) {
					return false
				}
				if s.isRelease(at, m) {
					s.report("release", s.usePos(at), "the array was given up by "+r.kind+" at "+s.place(r.pos)+" already", related(r.pos, r.kind))
					return true
				}
				s.report(rule, s.usePos(at), "memory is used after "+after+" at "+s.place(r.pos), related(r.pos, r.kind))
				return true
			})
		}
		s.checkReleasedStores(r, mems)
		s.checkClosed(r)
		s.checkReleasedGoes(r, mems)
	}
}

// released returns the memory that r takes away.
func (s *state) released(r *releaseEvent) set {
	out := make(set)
	if r.kind == "Release" || r.kind == "Move" {
		out.add(r.what)
		return out
	}
	bufs := make(set)
	var from []ssa.Instruction
	for a := range r.what {
		if a.kind == kObj || a.kind == kSym {
			bufs[a] = struct{}{}
		}
		if a.kind == kScope {
			if info := s.scopes[a.context(s)]; info != nil {
				from = append(from, info.instr)
			}
		}
	}
	for _, m := range s.atoms {
		if m.kind != kMem || !s.buffers(setOf(m)).meets(bufs) {
			continue
		}
		if r.kind == "Restore" || r.kind == "Unwind" {
			inside := false
			for _, cp := range from {
				if site := s.siteOf(m); site != nil && s.before(cp, site) {
					inside = true
				}
			}
			if !inside {
				continue
			}
		}
		out[m] = struct{}{}
	}
	return out
}

// mayBeOther reports whether instr looks at m only as an array that may just as well be another
// than those given up: what a layer returns may be its input, if it is a view, but most layers make
// an array.
func (s *state) mayBeOther(instr ssa.Instruction, m *atom, given set) bool {
	other := false
	for _, v := range instr.Operands(nil) {
		if *v == nil {
			continue
		}
		all := s.value(*v).all()
		if !all.has(m) {
			continue
		}
		if !isArray((*v).Type()) {
			return false
		}
		mixed := false
		for a := range all {
			mixed = mixed || (a.kind == kMem || a.kind == kSym || a.tag == "foreign") && !given.has(a)
		}
		if !mixed {
			return false
		}
		other = true
	}
	return other
}

// usesSym reports whether instr looks at an array that is a parameter.
func (s *state) usesSym(at ssa.Instruction, m *atom) bool {
	c, ok := at.(ssa.CallInstruction)
	if !ok {
		return false
	}
	for i, v := range c.Common().Args {
		if i == 0 && harmlessCall(c, v) {
			continue
		}
		if s.get(v).has(m) && isArray(v.Type()) {
			return true
		}
	}
	return false
}

// isRelease reports whether instr releases or moves m.
func (s *state) isRelease(at ssa.Instruction, m *atom) bool {
	for _, r := range s.events.releases {
		if r.instr == at && (r.kind == "Release" || r.kind == "Move") && r.what.has(m) {
			return true
		}
	}
	return false
}

// checkReleasedAtExit is for a release that is deferred.
func (s *state) checkReleasedAtExit(r *releaseEvent, mems set) {
	for _, b := range s.fn.Blocks {
		ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok || !s.before(r.instr, ret) {
			continue
		}
		if s.returned(ret).meets(mems) {
			s.report("escape", ret.Pos(), "memory is returned that the deferred "+r.kind+" at "+s.place(r.pos)+" ends", related(r.pos, r.kind))
		}
	}
	s.checkReleasedStores(r, mems)
	s.checkReleasedGoes(r, mems)
}

// checkReleasedStores looks for memory that is kept where it outlives the function and
// that the function itself ends.
func (s *state) checkReleasedStores(r *releaseEvent, mems set) {
	for i := range s.events.stores {
		st := &s.events.stores[i]
		if st.at.obj.kind != kSym || st.instr == r.instr || len(st.under) > 0 {
			continue
		}
		reached := s.reach(st.what)
		if !reached.meets(mems) || !r.later && !s.before(st.instr, r.instr) {
			continue
		}
		if s.cleared(st.instr, st.at) {
			continue
		}
		if !r.later { // allocated anew, and not released again
			fresh := false
			for m := range mems {
				if reached.has(m) && !s.before(st.instr, r.instr) {
					fresh = true
				}
			}
			if fresh {
				continue
			}
		}
		s.report("escape", st.pos, "memory is kept in "+describe(st.at, st.sink)+" beyond the "+r.kind+" at "+s.place(r.pos)+" that ends it", related(r.pos, r.kind))
	}
}

// checkReleasedGoes looks for goroutines that use memory when it is released.
func (s *state) checkReleasedGoes(r *releaseEvent, mems set) {
	if r.kind == "Release" || r.kind == "Move" {
		return
	}
	for _, g := range s.events.goes {
		if !g.uses.meets(mems) || len(g.under) > 0 || !r.later && !s.before(g.instr, r.instr) {
			continue
		}
		var stops map[ssa.Instruction]bool
		if !r.later {
			stops = map[ssa.Instruction]bool{r.instr: true}
		}
		if s.awaited(g, stops) {
			continue
		}
		s.report("goroutine", g.pos, "memory is used by "+g.how+" that the "+r.kind+" at "+s.place(r.pos)+" does not wait for", related(r.pos, r.kind))
	}
}

// checkClosed looks for a second Close, a second Restore, and allocations after Close.
func (s *state) checkClosed(r *releaseEvent) {
	if r.kind != "Close" && r.kind != "Restore" && r.kind != "Free" {
		return
	}
	for a := range r.what {
		if a.kind != kObj && a.kind != kSym && !(a.kind == kScope && r.kind == "Restore") {
			continue
		}
		if r.kind == "Restore" && a.kind != kScope {
			continue
		}
		made := s.siteOf(a)
		s.search(r.instr, func(at ssa.Instruction) bool { return made != nil && at == made }, func(at ssa.Instruction) bool {
			if at == r.instr {
				return false
			}
			for _, other := range s.events.releases {
				if other.instr == at && other.kind == r.kind && !other.later && other.what.has(a) {
					s.report("stale", other.pos, r.kind+" a second time, after that at "+s.place(r.pos), related(r.pos, r.kind))
					return true
				}
			}
			if r.kind == "Close" {
				for _, al := range s.events.allocs {
					if al.instr == at && s.buffers(al.ctx).has(a) {
						s.report("stale", al.pos, "this "+al.uses+" a context whose buffer was closed at "+s.place(r.pos), related(r.pos, r.kind))
						return true
					}
				}
			}
			return false
		})
	}
}
