package flow

import (
	"golang.org/x/tools/go/ssa"
)

// refine adds to out what is at l when instr is executed, following the stores that
// reach it, and reports whether that is possible. It is for single variables that nobody
// writes at an unknown time.
func (s *state) refine(instr ssa.Instruction, l loc, out tree) bool {
	if !single(l) || s.wild.has(l.obj) {
		return false
	}
	for p := range s.vals[l.obj] {
		_, a := under(p, l.path)
		_, b := under(l.path, p)
		if (a || b) && p != l.path {
			return false
		}
	}
	var made ssa.Instruction
	if l.obj.kind == kObj && l.obj.at >= 0 {
		made = s.instrs[l.obj.at]
		if _, ok := made.(*ssa.Alloc); !ok {
			return false
		}
	}
	seen := make(map[*ssa.BasicBlock]bool)
	var walk func(b *ssa.BasicBlock, i int)
	walk = func(b *ssa.BasicBlock, i int) {
		for i--; i >= 0; i-- {
			at := b.Instrs[i]
			if t := s.writes[at][l.obj]; t != nil {
				out.add("", t[l.path])
				if s.overwrites(at, l) {
					return
				}
			}
			if at == made {
				return
			}
		}
		if b.Index == 0 && l.obj.kind == kSym {
			out.add("", setOf(s.initial(l)))
		}
		for _, p := range b.Preds {
			if !seen[p] {
				seen[p] = true
				walk(p, len(p.Instrs))
			}
		}
	}
	walk(instr.Block(), s.order[instr])
	return true
}

// overwrites reports whether instr, whenever it is executed, replaces what is at l.
func (s *state) overwrites(instr ssa.Instruction, l loc) bool {
	if st, ok := instr.(*ssa.Store); ok {
		as := s.get(st.Addr)
		if len(as) != 1 {
			return false
		}
		for a := range as {
			w, ok := place(a)
			if !ok || w.obj != l.obj || !single(w) {
				return false
			}
			_, ok = under(l.path, w.path)
			return ok
		}
	}
	if _, ok := instr.(*ssa.Call); ok {
		return s.musts[instr][l]
	}
	return false
}

// cleared reports whether what instr stores at l is replaced on every path to the end
// of the function.
func (s *state) cleared(instr ssa.Instruction, l loc) bool {
	if _, ok := instr.(*ssa.Panic); ok || !single(l) {
		return false
	}
	for other, ls := range s.musts {
		if _, ok := other.(*ssa.Defer); ok && ls[l] && other != instr && s.before(other, instr) {
			return true
		}
	}
	return !s.search(instr,
		func(at ssa.Instruction) bool {
			_, deferred := at.(*ssa.Defer)
			return s.overwrites(at, l) || deferred && s.musts[at][l]
		},
		func(at ssa.Instruction) bool {
			_, panics := at.(*ssa.Panic) // with an object that was made here
			return isReturn(at) || panics && l.obj.kind == kObj
		})
}

// search goes forward from the instruction behind from along all paths. It stops at
// instructions for which stop holds and reports whether it came to one for which hit
// holds, which is looked at first.
func (s *state) search(from ssa.Instruction, stop, hit func(ssa.Instruction) bool) bool {
	seen := make(map[*ssa.BasicBlock]bool)
	var walk func(b *ssa.BasicBlock, i int) bool
	walk = func(b *ssa.BasicBlock, i int) bool {
		for ; i < len(b.Instrs); i++ {
			at := b.Instrs[i]
			if hit(at) {
				return true
			}
			if stop(at) {
				return false
			}
		}
		for _, next := range b.Succs {
			if !seen[next] {
				seen[next] = true
				if walk(next, 0) {
					return true
				}
			}
		}
		return false
	}
	return walk(from.Block(), s.order[from]+1)
}

func never(ssa.Instruction) bool { return false }

// before reports whether there is a path from a to b.
func (s *state) before(a, b ssa.Instruction) bool {
	return s.search(a, never, func(at ssa.Instruction) bool { return at == b })
}

// A loop is a natural loop.
type loop struct {
	header *ssa.BasicBlock
	blocks map[*ssa.BasicBlock]bool
}

// findLoops returns the natural loops of the function, those with one header merged.
func (s *state) findLoops() []*loop {
	if s.loops != nil {
		return s.loops
	}
	byHeader := make(map[*ssa.BasicBlock]*loop)
	s.loops = []*loop{}
	for _, b := range s.fn.Blocks {
		for _, h := range b.Succs {
			if !h.Dominates(b) {
				continue
			}
			l := byHeader[h]
			if l == nil {
				l = &loop{header: h, blocks: map[*ssa.BasicBlock]bool{h: true}}
				byHeader[h] = l
				s.loops = append(s.loops, l)
			}
			var walk func(b *ssa.BasicBlock)
			walk = func(b *ssa.BasicBlock) {
				if l.blocks[b] {
					return
				}
				l.blocks[b] = true
				for _, p := range b.Preds {
					walk(p)
				}
			}
			walk(b)
		}
	}
	return s.loops
}

// innermost returns the smallest loop that b is in, or nil.
func (s *state) innermost(b *ssa.BasicBlock) (best *loop) {
	for _, l := range s.findLoops() {
		if l.blocks[b] && (best == nil || len(l.blocks) < len(best.blocks)) {
			best = l
		}
	}
	return best
}
