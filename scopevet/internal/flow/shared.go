package flow

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// unlocked returns the buffers made in this function, without a lock, behind contexts,
// and the contexts of the caller of which that is not known.
func (s *state) unlocked(ctxs set) set {
	out := make(set)
	var walk func(a *atom, depth int)
	walk = func(a *atom, depth int) {
		if depth > 8 {
			return
		}
		switch a.kind {
		case kSym:
			if !strings.Contains(a.path, "[]") { // one of many
				out[a] = struct{}{}
			}
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

// checkShared reports buffers without a lock that a goroutine and others use.
func (s *state) checkShared() {
	report := func(ctxs set, pos token.Pos, text string) {
		for _, b := range sorted(s.unlocked(ctxs)) {
			if b.kind == kObj {
				s.report("sharedctx", pos, text+" a buffer without a lock, made at "+s.place(s.siteOf(b).Pos())+": use locked.Share, or a buffer for each goroutine")
			}
		}
	}
	for _, l := range s.sharing() {
		report(l.ctx, l.pos, "goroutines that run at the same time allocate from")
	}
	for _, al := range s.events.allocs {
		if al.uses == "makes a group with" {
			report(al.ctx, al.pos, "this makes a group whose functions share")
		}
	}
}

// sharing returns the allocators, or contexts of the caller, that a goroutine allocates
// through while others do.
func (s *state) sharing() []loopEvent {
	all := append([]loopEvent(nil), s.events.shared...)
	for i, g := range s.events.goes {
		for _, b := range sorted(s.unlocked(s.goCtxs(g))) {
			if s.contended(i, g, b) {
				ctx := b
				if b.kind == kObj {
					ctx = s.intern(atom{kind: kOver, base: b})
				}
				all = append(all, loopEvent{ctx: setOf(ctx), pos: g.pos})
			}
		}
	}
	return all
}

// contended reports whether b, which goroutine g allocates through, is used elsewhere
// while g may run.
func (s *state) contended(i int, g goEvent, b *atom) bool {
	var made ssa.Instruction
	if b.kind == kObj {
		made = s.siteOf(b)
		if l := s.innermost(made.Block()); l != nil && !l.blocks[g.instr.Block()] {
			return false // one of many
		}
	}
	for j, h := range s.events.goes {
		if i == j || !s.unlocked(s.goCtxs(h)).has(b) || h.pos == g.pos {
			continue
		}
		if h.instr == g.instr {
			return true
		}
	}
	waits := make(map[ssa.Instruction]bool)
	for instr, on := range s.events.waits {
		if s.concerns(on, g.uses) || s.concerns(on, g.on) {
			waits[instr] = true
		}
	}
	return s.search(g.instr, func(at ssa.Instruction) bool { return waits[at] || made != nil && at == made }, func(at ssa.Instruction) bool {
		if waits[at] {
			return false
		}
		for _, h := range s.events.goes {
			if h.instr == at && s.unlocked(s.goCtxs(h)).has(b) {
				return true
			}
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
