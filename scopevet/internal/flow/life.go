package flow

import (
	"golang.org/x/tools/go/ssa"
)

// This file says what lives in which scope, and what ends when.

// within reports whether a is memory of the scope with the context ctx, or of one inside
// it, or such a context.
func (s *state) within(a, ctx *atom) bool { return s.isWithin(a, ctx, 0) }

func (s *state) isWithin(a, ctx *atom, depth int) bool {
	if depth > 8 {
		return false
	}
	switch a.kind {
	case kMem:
		return s.isWithin(a.base, ctx, depth+1)
	case kScope:
		if a == ctx {
			return true
		}
		if a.j != 0 {
			return false
		}
		if info := s.scopes[a]; info != nil {
			for p := range info.parents {
				if s.isWithin(p, ctx, depth+1) {
					return true
				}
			}
		}
	}
	return false
}

// memWithin returns the memory in b that belongs to a scope.
func (s *state) memWithin(b set, ctx *atom) set {
	out := make(set)
	for a := range b {
		if a.kind == kMem && s.within(a, ctx) {
			out[a] = struct{}{}
		}
	}
	return out
}

// ctxWithin returns the contexts in b of a scope.
func (s *state) ctxWithin(b set, ctx *atom) set {
	out := make(set)
	for a := range b {
		if a.kind == kScope && a.j == 0 && s.within(a, ctx) {
			out[a] = struct{}{}
		}
	}
	return out
}

// ancestors returns the contexts that a scope was opened with, and what those were.
func (s *state) ancestors(ctx *atom) set {
	out := make(set)
	var walk func(a *atom)
	walk = func(a *atom) {
		if info := s.scopes[a]; info != nil {
			for p := range info.parents {
				if !out.has(p) {
					out[p] = struct{}{}
					walk(p)
				}
			}
		}
	}
	walk(ctx)
	return out
}

// buffers returns the allocators behind contexts and memory, and those inside them.
func (s *state) buffers(b set) set {
	out := make(set)
	var walk func(a *atom, depth int)
	walk = func(a *atom, depth int) {
		if depth > 8 || out.has(a) {
			return
		}
		switch a.kind {
		case kMem:
			walk(a.base, depth+1)
		case kOver:
			walk(a.base, depth+1)
		case kScope:
			if info := s.scopes[a.context(s)]; info != nil {
				for p := range info.parents {
					walk(p, depth+1)
				}
			}
		case kObj, kSym:
			out[a] = struct{}{}
			for c := range s.vals[a][".buf"] {
				walk(c, depth+1)
			}
		}
	}
	for a := range b {
		walk(a, 0)
	}
	return out
}

// endings returns the calls that end a scope that Open opened, and whether one is deferred.
func (s *state) endings(info *scopeInfo) (now []*releaseEvent, later []*releaseEvent) {
	for i := range s.events.releases {
		r := &s.events.releases[i]
		ends := false
		for a := range r.what {
			if a.kind == kScope && a.j == 1 && a.at == info.ctx.at {
				ends = true
			}
		}
		switch {
		case !ends || r.async:
		case r.later:
			later = append(later, r)
		default:
			now = append(now, r)
		}
	}
	return now, later
}

// endsHere reports whether the function ends a scope that it opens with Open.
func (s *state) endsHere(info *scopeInfo) bool {
	if info.kind != "Open" {
		return false
	}
	now, later := s.endings(info)
	return len(now)+len(later) > 0
}

// goCtxs returns the contexts that a goroutine allocates through.
func (s *state) goCtxs(g goEvent) set {
	out := make(set)
	out.add(g.ctxs)
	for _, al := range s.events.allocs {
		if al.async && al.instr == g.instr {
			out.add(al.ctx)
		}
	}
	return out
}

// awaited reports whether the function waits for a goroutine on every way to its end or,
// if stops is given, to one of these instructions.
func (s *state) awaited(g goEvent, stops map[ssa.Instruction]bool) bool {
	waits := make(map[ssa.Instruction]bool)
	headers := make(map[*ssa.BasicBlock]bool)
	for instr, on := range s.events.waits {
		if !s.concerns(on, g.uses) && !s.concerns(on, g.on) {
			continue
		}
		waits[instr] = true
		if _, ok := instr.(*ssa.Defer); ok && stops == nil {
			return true
		}
		for _, l := range s.findLoops() { // a loop that waits is taken to wait for all
			if l.blocks[instr.Block()] && !l.blocks[g.instr.Block()] {
				headers[l.header] = true
				for _, p := range l.header.Preds { // which may look whether there is a first turn
					if _, ok := p.Instrs[len(p.Instrs)-1].(*ssa.If); ok && !l.blocks[p] {
						headers[p] = true
					}
				}
			}
		}
	}
	return !s.search(g.instr,
		func(at ssa.Instruction) bool { return waits[at] || headers[at.Block()] && isLast(at) },
		func(at ssa.Instruction) bool {
			if stops != nil {
				return stops[at] && !waits[at]
			}
			return isReturn(at)
		})
}

func isLast(at ssa.Instruction) bool {
	b := at.Block()
	return at == b.Instrs[len(b.Instrs)-1]
}

// concerns reports whether waiting on something is waiting for a goroutine that uses
// this: they have an object in common.
func (s *state) concerns(on, uses set) bool {
	for a := range on {
		switch a.kind {
		case kRef:
			a = a.base
		case kMem, kScope, kOver:
			continue
		}
		if uses.has(a) {
			return true
		}
		for u := range uses {
			if u.kind == kRef && u.base == a {
				return true
			}
			if a.kind == kSym && u.kind == kSym && a.root == u.root && a.at == u.at && a.name == u.name {
				if _, ok := under(a.path, u.path); ok {
					return true
				}
				if _, ok := under(u.path, a.path); ok {
					return true
				}
			}
		}
	}
	return false
}

// uses returns what instr looks at, by itself or in a function that it calls.
func (s *state) uses(instr ssa.Instruction) set {
	out := make(set)
	mems := func(v ssa.Value) {
		for a := range s.value(v).all() {
			if a.kind == kMem {
				out[a] = struct{}{}
			}
		}
	}
	switch at := instr.(type) {
	case *ssa.Store:
		mems(at.Addr)
		for a := range s.get(at.Addr) {
			if l, ok := place(a); ok && l.obj.kind == kSym {
				out.add(s.reach(s.value(at.Val)))
			}
		}
	case *ssa.MapUpdate:
		for a := range s.get(at.Map) {
			if a.kind == kSym {
				out.add(s.reach(s.value(at.Value)))
			}
		}
	case *ssa.UnOp:
		if at.Op.String() == "*" {
			mems(at.X)
		}
	case *ssa.Index:
		mems(at.X)
	case *ssa.Return:
		for _, v := range at.Results {
			out.add(s.reachExit(s.value(v)))
		}
		for other, read := range s.events.reads { // deferred calls
			if _, ok := other.(*ssa.Defer); ok {
				out.add(s.reach(tree{"": read}))
			}
		}
	case *ssa.Send:
		out.add(s.reach(s.value(at.X)))
	case *ssa.Panic:
		out.add(s.reach(s.value(at.X)))
	case *ssa.Range:
		mems(at.X)
	case ssa.CallInstruction:
		s.callUses(at, out, mems)
	}
	return out
}

func (s *state) callUses(at ssa.CallInstruction, out set, mems func(ssa.Value)) {
	common := at.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "append", "copy", "clear", "min", "max":
			for _, v := range common.Args {
				mems(v)
			}
		}
		return
	}
	args := common.Args
	if common.IsInvoke() {
		args = append([]ssa.Value{common.Value}, args...)
	}
	known := false
	if fn := common.StaticCallee(); fn != nil {
		known = s.eng.states[origin(fn)] != nil || s.eng.facts[origin(fn)] != nil
	}
	for i, v := range args {
		if i == 0 && harmlessCall(at, v) {
			continue
		}
		if known {
			mems(v)
			continue
		}
		for p, b := range s.value(v) {
			for a := range b {
				if a.kind != kObj || a.fn == nil { // what functions read is told by themselves
					out.add(s.reach(tree{p: setOf(a)}))
				}
			}
		}
	}
	if _, ok := at.(*ssa.Defer); !ok {
		out.add(s.events.reads[at])
		for a := range s.events.reads[at] {
			out.add(s.reach(tree{"": setOf(a)}))
		}
	}
}

// reachExit is reach, for what objects hold when the function returns.
func (s *state) reachExit(t tree) set {
	seen := make(set)
	var walk func(a *atom)
	walk = func(a *atom) {
		if seen.has(a) {
			return
		}
		seen[a] = struct{}{}
		o := a
		if a.kind == kRef {
			o = a.base
		}
		if o.kind != kObj {
			return
		}
		for _, b := range s.part(s.atExit(o), a.path) {
			for c := range b {
				walk(c)
			}
		}
	}
	for a := range t.all() {
		walk(a)
	}
	return seen
}
