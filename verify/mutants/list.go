package main

// mutants are the bugs: of the kinds that allocators have had elsewhere, and of those
// that this design invites.
var mutants = []mutant{
	// Placement.
	{"limit off by one", "bumper/fit.go", "size <= uintptr(length-start)", "size <= uintptr(length-start)+1"},
	{"limit off by one, slow", "bumper/fit.go", "if pad > free || size > free-pad {", "if pad > free || size > free-pad+1 {"},
	{"alignment forgotten", "bumper/fit.go", "start = int((uintptr(off) + mask) &^ mask)", "start = off"},
	{"large blocks not aligned", "bumper/fit.go", "	if size >= 64 {\n		mask = 63\n	}\n", ""},
	{"cache line off by one", "scope/memory/allocator.go", "if size >= cacheLine && align < cacheLine {", "if size > cacheLine && align < cacheLine {"},
	{"odd alignment accepted", "scope/memory/allocator.go", "if align&(align-1) != 0 {", "if false {"},
	{"padding in the wrong direction", "bumper/fit.go", "pad := -(address(mem) + uintptr(off)) & (align - 1)", "pad := (address(mem) + uintptr(off)) & (align - 1)"},
	{"worst case without padding", "bumper/slab.go", "return int(size + pad), true", "return int(size), true"},

	// Levels.
	{"missed rewind", "bumper/allocbuffer.go", "		b.off = off\n", ""},
	{"missed rewind of slabs", "bumper/slab.go", "	b.slabMark = mark\n", ""},
	{"wrong epoch", "bumper/levels.go", "	lv.epoch.End()\n	l.depth--", "	l.stack[0].epoch.End()\n	l.depth--"},
	{"epoch not ended", "bumper/levels.go", "	lv.epoch.End()\n	l.depth--", "	l.depth--"},
	{"reset ends no epoch", "bumper/levels.go", "	l.stack[0].epoch.End()\n", ""},
	{"stale top stamp", "bumper/levels.go", "	l.top = l.stack[l.depth].epoch.Stamp()\n	return lv.mark", "	return lv.mark"},
	{"any checkpoint restores", "bumper/levels.go", "l.depth == 0 || cp.Stamp != l.top", "l.depth == 0"},
	{"reset inside a scope", "bumper/levels.go", "if l.depth > 0 {\n		return ErrOpenScope", "if false {\n		return ErrOpenScope"},
	{"unwind stops early", "bumper/levels.go", "for l.depth >= i {", "for l.depth > i {"},
	{"mark of the outer level", "bumper/levels.go", "	lv.mark = mark\n", ""},

	// Slabs.
	{"lost slab", "bumper/slab.go", "b.slabs = append(b.slabs, mem)", "b.slabs = append(b.slabs[:len(b.slabs):len(b.slabs)], mem)[:len(b.slabs)+1-min(1, len(b.slabs)/2)]"},
	{"custom slab not kept", "bumper/customslab.go", "	c.idle = append(c.idle, c.inUse[n:]...)\n", ""},
	{"custom slab too small", "bumper/customslab.go", "if len(mem) >= n && (best < 0", "if len(mem)+64 >= n && (best < 0"},
	{"custom slab shared", "bumper/customslab.go", "	c.idle = c.idle[:last]\n	return mem", "	return mem"},
	{"books of custom slabs", "bumper/customslab.go", "	b.large += len(mem)\n", ""},
	{"limit ignored", "bumper/store.go", "if s.limit > 0 && n > s.limit-s.held {", "if false {"},
	{"limit forgets releases", "bumper/store.go", "	s.held -= len(mem)\n", ""},
	{"source that lies", "bumper/store.go", "if len(mem) < n || address(mem)%64 != 0 {", "if false {"},
	{"trim takes the current slab", "bumper/slab.go", "return min(b.cur+1, len(b.slabs))", "return min(b.cur, len(b.slabs))"},

	// Autoscaling.
	{"never shrinks", "bumper/autoscaling.go", "want < len(b.pieces[0])/2", "false"},
	{"never becomes one", "bumper/autoscaling.go", "if len(b.pieces) > 1 ||", "if false ||"},
	{"history of one", "bumper/autoscaling.go", "h.uses[h.n%len(h.uses)] = use", "h.uses[0] = use"},

	// Sharing.
	{"unlocked path", "locked/buffer.go", "	b.mu.Lock()\n	defer b.mu.Unlock() // also when misuse or the source panics\n", ""},
	{"region without hold", "locked/buffer.go", "	b.sharing.Hold()\n", ""},
	{"hold never given back", "locked/buffer.go", "	b.mu.Unlock()\n	b.sharing.Unhold()\n", "	b.mu.Unlock()\n"},
	{"reset while held", "internal/handshake/sharing.go", "return s.holds.CompareAndSwap(0, resetting)", "return s.holds.CompareAndSwap(0, resetting) || s.holds.Load() > 0"},
	{"restore while held", "bumper/levels.go", "	var none M\n	if l.shared.Held() { // asked once: it may end at any moment\n		return none, ErrHeld\n	}\n	if l.depth == 0", "	var none M\n	if l.depth == 0"},
	{"late allocation not seen", "locked/region.go", "if !r.Living(g) || !r.open {\n		r.home.late", "if false {\n		r.home.late"},
	{"late not counted", "locked/region.go", "		r.home.late.Add(1)\n", ""},
	{"generation not ended", "locked/region.go", "	r.generation.Add(1)\n	r.slabs.Trim()", "	r.slabs.Trim()"},
	{"swapped order of books", "locked/region.go", "	r.generation.Add(1)\n	r.slabs.Trim()\n	r.mu.Unlock()\n	r.home.putRegion(r)", "	r.mu.Unlock()\n	r.home.putRegion(r)\n	r.generation.Add(1)\n	r.slabs.Trim()"},
	{"chunk not given back", "locked/carver.go", "			c.home.putChunk(chunk)\n", ""},
	{"chunk too small", "locked/chunk.go", "if c.Stamp.Live() && len(c.Bytes()) < n {", "if false {"},
	{"dead chunk used", "locked/chunk.go", "			if c.Stamp.Live() {\n				return c, true\n			}", "			return c, true"},
	{"reopened by two", "locked/region.go", "if !r.Living(g) || r.open {\n		return false", "if !r.Living(g) {\n		return false"},
	{"group without hold", "locked/group.go", "	shared.sharing.Hold()\n", "	shared.sharing.Hold(); defer shared.sharing.Unhold(); shared.sharing.Hold(); shared.sharing.Unhold()\n"},

	// Scopes.
	{"no release after an error", "scope/noescape.go", "if failed := c.Restore(cp); failed != nil {", "if failed := c.Restore(cp); failed != nil && err == nil {"},
	{"panic swallowed", "scope/noescape.go", "	panic(explained(v))", "	return nil"},
	{"exhaustion goes on as panic", "scope/noescape.go", "if err, ok := v.(error); ok && errors.Is(err, ErrExhausted) {", "if err, ok := v.(error); ok && errors.Is(err, ErrStale) {"},
	{"kept region never released", "scope/region.go", "c.kept.Swap(nil); k != nil && k.region.Reopen(k.generation) {", "c.kept.Swap(nil); k != nil && false {"},
	{"stamp always live", "scope/memory/stamp.go", "s.epoch == nil || s.epoch.generation.Load() == s.generation", "s.epoch == nil || s.epoch.generation.Load() >= s.generation"},
	{"no pointer check", "scope/make.go", "if path, found := findPointer(t, t.String()); found {", "if path, found := findPointer(t, t.String()); found && false {"},
	{"size overflows", "scope/make.go", "if n < 0 || hi != 0 || pages.On() {", "if n < 0 || hi == ^uint(0) || pages.On() {"},
	{"block not checked", "scope/make.go", "holds(mem, uintptr(lo), unsafe.Alignof(zero)) {", "len(mem) > 0 {"},
	{"dirty Make", "scope/make.go", "	clear(s)\n", ""},
	{"fallback not counted", "meter/fallback.go", "		f.total.blocks.Add(1)\n", ""},
	{"wrapper bypassed in regions", "scope/noescape.go", "return fn(WithAllocator(inner, rewrap(wrapper, inner)))", "return fn(inner)"},
}
