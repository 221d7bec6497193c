package flow

import (
	"golang.org/x/tools/go/ssa"
)

// newGroup looks at the context of a group that is made: goroutines cannot share a buffer
// without a lock.
func (s *state) newGroup(c *call) {
	if !s.recording {
		return
	}
	for _, b := range sorted(s.unlocked(c.arg(0))) {
		s.report("sharedctx", c.pos(), "the group's context carries a buffer without a lock, made at "+s.place(s.siteOf(b).Pos())+": use locked.WithLockedBumper")
	}
}

// unlocked returns the buffers made in this function, without a lock, behind contexts.
func (s *state) unlocked(ctxs set) set {
	out := make(set)
	var walk func(a *atom, depth int)
	walk = func(a *atom, depth int) {
		if depth > 8 {
			return
		}
		switch a.kind {
		case kOver:
			if a.base.kind == kObj && a.base.tag == "buffer" && s.siteOf(a.base) != nil {
				out[a.base] = struct{}{}
			}
		case kScope:
			if info := s.scopes[a]; info != nil {
				for p := range info.parents {
					walk(p, depth+1)
				}
			}
		}
	}
	for a := range ctxs {
		walk(a, 0)
	}
	return out
}

// checkShared looks for a buffer without a lock that a goroutine and others use.
func (s *state) checkShared() {
	for _, g := range s.events.goes {
		for _, b := range sorted(s.unlocked(s.goCtxs(g))) {
			made := s.siteOf(b)
			stop := func(at ssa.Instruction) bool { return at == made }
			other := s.search(g.instr, stop, func(at ssa.Instruction) bool {
				for _, h := range s.events.goes {
					if h.instr == at && s.unlocked(s.goCtxs(h)).has(b) {
						return true
					}
				}
				return false
			})
			if !other {
				waits := make(map[ssa.Instruction]bool)
				for instr, on := range s.events.waits {
					if s.concerns(on, g.uses) {
						waits[instr] = true
					}
				}
				other = s.search(g.instr, func(at ssa.Instruction) bool { return at == made || waits[at] }, func(at ssa.Instruction) bool {
					if waits[at] {
						return false
					}
					for _, al := range s.events.allocs {
						if al.instr == at && !al.async && s.unlocked(al.ctx).has(b) {
							return true
						}
					}
					for _, r := range s.events.releases {
						if r.instr == at && r.what.has(b) && !r.later {
							return true
						}
					}
					return false
				})
			}
			if !other {
				other = len(s.unlockedUnder(g, b)) > 0
			}
			if other {
				s.report("sharedctx", g.pos, "this goroutine allocates from a buffer without a lock, made at "+s.place(made.Pos())+", that is used elsewhere at the same time: use locked.Share, or a buffer for each goroutine")
			}
		}
	}
}

// unlockedUnder returns what else happens in the same call that uses b.
func (s *state) unlockedUnder(g goEvent, b *atom) (pos []int) {
	n := 0
	for _, h := range s.events.goes {
		if h.instr == g.instr && h.pos != g.pos && s.unlocked(s.goCtxs(h)).has(b) {
			n++
		}
	}
	if n > 0 {
		pos = append(pos, n)
	}
	return pos
}
