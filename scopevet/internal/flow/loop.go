package flow

import (
	"fmt"
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// fewTurns is how often a loop may run that is left alone.
const fewTurns = 16

// checkLoops looks for loops that allocate what they need for one turn only, without a
// scope of their own: memory that stays until the scope around the loop ends.
func (s *state) checkLoops() {
	s.eachLoop(func(l loopEvent, leave bool) {
		if !leave {
			s.reportLoop(l.pos, l.bytes)
		}
	})
	s.checkInnerLoops()
}

// loopEvents returns the loops that are left to the function around this one.
func (s *state) loopEvents() (all []loopEvent) {
	s.eachLoop(func(l loopEvent, leave bool) {
		if leave && s.fn.Parent() != nil {
			all = append(all, l)
		}
	})
	return all
}

// eachLoop visits the allocations in loops. Those to leave are of functions that are
// called once for each of some things: whether that is much depends on what the context
// stands for.
func (s *state) eachLoop(visit func(l loopEvent, leave bool)) {
	yield := strings.Contains(s.fn.Synthetic, "range-over-func")
	for _, al := range s.events.allocs {
		if al.uses != "allocates with" || len(al.under) > 0 || al.async {
			continue
		}
		l := s.innermost(al.instr.Block())
		if l == nil && !yield {
			continue
		}
		if l != nil && turns(l) <= fewTurns {
			continue
		}
		ctxs := make(set)
		for c := range al.ctx {
			if !s.madeIn(c, l) && c.kind != kRes {
				ctxs[c] = struct{}{}
			}
		}
		if len(ctxs) == 0 || s.releasedIn(l, ctxs) {
			continue
		}
		if (al.own || al.kept) && (s.survivesLoop(al.instr, l) || s.givenUp(al.instr)) {
			continue
		}
		if _, ok := al.instr.(*ssa.Defer); ok {
			continue
		}
		leave := !al.own && l != nil && counted(l)
		for c := range ctxs {
			leave = leave && c.kind == kSym
		}
		visit(loopEvent{ctx: ctxs, bytes: al.bytes, pos: al.pos}, leave)
	}
}

// checkInnerLoops looks at such loops in function literals, where this function knows
// what their contexts are.
func (s *state) checkInnerLoops() {
	for _, l := range s.events.inner {
		for c := range l.ctx {
			if c.kind == kScope || c.kind == kOver {
				s.reportLoop(l.pos, l.bytes)
				break
			}
		}
	}
}

func (s *state) reportLoop(pos token.Pos, bytes int64) {
	size := ""
	if bytes > 0 {
		size = fmt.Sprintf(" %d bytes of", bytes)
	}
	s.report("loop", pos, "each turn of this loop leaves"+size+" memory behind until the scope around it ends: open a scope in the loop (scope.NoEscape), or allocate before it")
}

// counted reports whether a loop compares a number with another to see whether it ends.
func counted(l *loop) bool {
	for b := range l.blocks {
		if br, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If); ok && !(l.blocks[b.Succs[0]] && l.blocks[b.Succs[1]]) {
			if cond, ok := br.Cond.(*ssa.BinOp); ok && isInt(cond.X.Type()) {
				return true
			}
		}
	}
	return false
}

// turns returns how often a loop runs, if that is constant, else a large number.
func turns(l *loop) int64 {
	for b := range l.blocks {
		if len(b.Instrs) == 0 {
			continue
		}
		br, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok || l.blocks[b.Succs[0]] && l.blocks[b.Succs[1]] {
			continue
		}
		cond, ok := br.Cond.(*ssa.BinOp)
		if !ok || cond.Op != token.LSS && cond.Op != token.LEQ {
			continue
		}
		if c, ok := cond.Y.(*ssa.Const); ok && c.Value != nil && isInt(c.Type()) {
			return c.Int64()
		}
	}
	return 1 << 40
}

// madeIn reports whether a context was made in the loop.
func (s *state) madeIn(c *atom, l *loop) bool {
	if l == nil {
		return false
	}
	switch c.kind {
	case kScope:
		site := s.siteOf(c)
		return site != nil && l.blocks[site.Block()]
	case kOver:
		if site := s.siteOf(c.base); c.base.kind == kObj && site != nil {
			return l.blocks[site.Block()]
		}
	}
	return false
}

// releasedIn reports whether the loop releases a buffer behind the contexts.
func (s *state) releasedIn(l *loop, ctxs set) bool {
	bufs := s.buffers(ctxs)
	syms := false
	for c := range ctxs {
		syms = syms || c.kind == kSym
	}
	for _, r := range s.events.releases {
		if l != nil && !l.blocks[r.instr.Block()] {
			continue
		}
		switch r.kind {
		case "Reset", "Restore", "Unwind", "Close":
			if syms || s.buffers(r.what).meets(bufs) {
				return true
			}
		}
	}
	return false
}

// givenUp reports whether the array that instr allocates is released by itself.
func (s *state) givenUp(instr ssa.Instruction) bool {
	site, ok := s.sites[siteKey{instr, "mem"}]
	if !ok {
		return false
	}
	for _, r := range s.events.releases {
		if r.kind != "Release" && r.kind != "Move" {
			continue
		}
		for a := range r.what {
			if a.kind == kMem && a.at == site {
				return true
			}
		}
	}
	return false
}

// survives reports whether the memory that al allocates is kept by the function, or
// returned.
func (s *state) survives(al allocEvent) bool {
	if !al.own && !al.kept {
		return false
	}
	site, ok := s.sites[siteKey{al.instr, "mem"}]
	if !ok {
		return false
	}
	is := func(b set) bool {
		for a := range b {
			if a.kind == kMem && a.at == site {
				return true
			}
		}
		return false
	}
	for _, b := range s.fn.Blocks {
		if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && is(s.returned(ret)) {
			return true
		}
	}
	for i := range s.events.stores {
		st := &s.events.stores[i]
		if st.at.obj.kind == kSym && is(s.reach(st.what)) {
			return true
		}
	}
	return false
}

// survivesLoop reports whether memory that instr allocates is used after the turn of the
// loop in which it does.
func (s *state) survivesLoop(instr ssa.Instruction, l *loop) bool {
	site, ok := s.sites[siteKey{instr, "mem"}]
	if !ok {
		return false
	}
	in := func(b *ssa.BasicBlock) bool { return l == nil || l.blocks[b] }
	for base, t := range s.vals {
		has := false
		held := t.all()
		switch base := base.(type) {
		case *ssa.Phi:
			held = s.reach(t)
		case *atom:
			if base.kind == kSym {
				held = s.reach(t)
			}
		}
		for a := range held {
			if a.kind == kMem && a.at == site {
				has = true
			}
		}
		if !has {
			continue
		}
		switch base := base.(type) {
		case *atom:
			if base.kind == kSym {
				return true
			}
			if made := s.siteOf(base); made == nil || !in(made.Block()) {
				if base.kind == kObj {
					return true
				}
			}
		case *ssa.Phi:
			if l != nil && base.Block() == l.header || !in(base.Block()) {
				return true
			}
		case ssa.Instruction:
			if !in(base.Block()) {
				return true
			}
			if v, ok := base.(ssa.Value); ok && v.Referrers() != nil {
				for _, ref := range *v.Referrers() {
					if _, ret := ref.(*ssa.Return); ret || !in(ref.Block()) {
						return true
					}
				}
			}
		}
	}
	return false
}
