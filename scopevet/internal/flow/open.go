package flow

import (
	"golang.org/x/tools/go/ssa"
)

// checkOpen looks at a scope that Open opened.
func (s *state) checkOpen(info *scopeInfo) {
	now, later := s.endings(info)
	if len(now)+len(later) > 0 {
		ends := make(map[ssa.Instruction]bool)
		for _, r := range now {
			ends[r.instr] = true
		}
		s.checkEnded(info, ends, len(later) > 0 || s.alwaysEnded(info, ends))
	}
	s.checkPair(info.instr, info, "End")

	// between Open and End
	outer := s.ancestors(info.ctx)
	isEnd := func(at ssa.Instruction) bool {
		for _, r := range now {
			if r.instr == at {
				return true
			}
		}
		return false
	}
	open := func(at ssa.Instruction) bool {
		return s.search(info.instr, isEnd, func(x ssa.Instruction) bool { return x == at })
	}
	for _, al := range s.events.allocs {
		if al.instr == info.instr || al.uses != "allocates with" || al.async {
			continue
		}
		for c := range al.ctx {
			if outer.has(c) && open(al.instr) {
				s.report("outerctx", al.pos, "this allocates with a context from outside the scope opened at "+s.place(info.pos)+", which is open: use the one that Open returned")
				break
			}
		}
	}
	bufs := s.buffers(setOf(info.ctx))
	for _, r := range s.events.releases {
		if r.kind != "Reset" && r.kind != "Close" {
			continue
		}
		if !s.buffers(r.what).meets(bufs) {
			continue
		}
		early := false
		if r.later {
			for _, e := range later {
				if s.before(e.instr, r.instr) { // deferred later, so it runs first
					early = true
				}
			}
		} else {
			early = open(r.instr)
		}
		if early {
			s.report("reset", r.pos, r.kind+" of the buffer while the scope opened at "+s.place(info.pos)+" is open: it is refused")
		}
	}
}

// alwaysEnded reports whether no way from Open leads to a return but through an end.
func (s *state) alwaysEnded(info *scopeInfo, ends map[ssa.Instruction]bool) bool {
	return !s.search(info.instr, func(at ssa.Instruction) bool { return ends[at] }, isReturn)
}

func isReturn(at ssa.Instruction) bool { _, ok := at.(*ssa.Return); return ok }

// checkPair looks for a way from the opening of something to the end of the function on
// which it is not ended.
func (s *state) checkPair(open ssa.Instruction, info *scopeInfo, verb string) {
	handle := *info.ctx
	handle.j = 1
	h := s.intern(handle)
	if s.leaves(h, open) {
		return
	}
	ends := make(map[ssa.Instruction]bool)
	for _, r := range s.events.releases {
		if r.what.has(h) {
			ends[r.instr] = true
			if r.async {
				return // elsewhere
			}
		}
	}
	if !s.search(open, func(at ssa.Instruction) bool { return ends[at] }, isReturn) {
		return
	}
	switch {
	case verb == "End" && len(ends) == 0:
		s.reportFix("unended", open.Pos(), "the scope that is opened here is never ended: defer its End", s.deferEnd(open))
	case verb == "End":
		s.report("unended", open.Pos(), "the scope that is opened here is not ended on every path: defer its End")
	case len(ends) == 0:
		s.report("unrestored", open.Pos(), "the checkpoint that is taken here is never restored")
	default:
		s.report("unrestored", open.Pos(), "the checkpoint that is taken here is not restored on every path")
	}
}

// leaves reports whether a handle gets where others may end what it stands for.
func (s *state) leaves(h *atom, open ssa.Instruction) bool {
	for i := range s.events.stores {
		st := &s.events.stores[i]
		if st.at.obj.kind == kSym && s.reach(st.what).has(h) {
			return true
		}
	}
	for _, b := range s.fn.Blocks {
		if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && s.returned(ret).has(h) {
			return true
		}
		for _, instr := range b.Instrs {
			mc, ok := instr.(*ssa.MakeClosure)
			if !ok {
				continue
			}
			// a closure that is not called here may end it
			if s.reach(tree{"": setOf(s.closure(mc))}).has(h) && !s.called[mc.Fn.(*ssa.Function)] {
				return true
			}
		}
	}
	for _, u := range s.events.unknown {
		if u.args.has(h) {
			return true
		}
	}
	for _, g := range s.events.goes {
		if g.uses.has(h) {
			return true
		}
	}
	for _, cb := range s.events.callbacks {
		for _, t := range cb.args {
			if s.reach(t).has(h) {
				return true
			}
		}
	}
	return false
}

// checkGroups looks at groups: each is waited for, and its buffer is not released before.
func (s *state) checkGroups() {
	for _, g := range s.objectsTagged("group") {
		made := s.siteOf(g)
		if made == nil || s.fromCallee(made) {
			continue
		}
		waits := make(map[ssa.Instruction]bool)
		elsewhere := false
		for _, r := range s.events.releases {
			if r.kind == "Wait" && r.what.has(g) {
				waits[r.instr] = true
				elsewhere = elsewhere || r.async
			}
		}
		if !elsewhere && !s.leaves(g, made) && s.search(made, func(at ssa.Instruction) bool { return waits[at] }, isReturn) {
			if len(waits) == 0 {
				s.report("unwaited", made.Pos(), "the group that is made here is never waited for: the buffer cannot be reset before Wait returns")
			} else {
				s.report("unwaited", made.Pos(), "the group that is made here is not waited for on every path")
			}
		}
		bufs := s.buffers(s.vals[g][".ctx"])
		for _, r := range s.events.releases {
			if r.kind != "Reset" && r.kind != "Close" && r.kind != "Restore" || r.later || r.under != nil || !s.buffers(r.what).meets(bufs) {
				continue
			}
			if s.search(made, func(at ssa.Instruction) bool { return waits[at] }, func(at ssa.Instruction) bool { return at == r.instr }) {
				s.report("reset", r.pos, r.kind+" of the buffer while the group made at "+s.place(made.Pos())+" may use it: call Wait first")
			}
		}
	}
}

// objectsTagged returns the objects that models made.
func (s *state) objectsTagged(tag string) []*atom {
	b := make(set)
	for _, a := range s.atoms {
		if a.kind == kObj && a.tag == tag {
			b[a] = struct{}{}
		}
	}
	return sorted(b)
}

// fromCallee reports whether an object made at instr was made in the function called.
func (s *state) fromCallee(instr ssa.Instruction) bool {
	c, ok := instr.(ssa.CallInstruction)
	if !ok {
		return false
	}
	fn := c.Common().StaticCallee()
	return fn != nil && s.eng.states[origin(fn)] != nil
}
