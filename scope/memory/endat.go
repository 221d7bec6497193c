package memory

// EndAt is Stamp().EndsAt(pc) and End in one: it ends the current scope at a place, 0 if
// none is to be recorded. Who gives each block an epoch of its own ends thousands of them
// at the end of one scope, and End alone takes 6 ns where this takes 1.
//
// Like End, it must not run at the same time as another end of the same epoch. A
// [Stamp.Renew] may: the generation is raised by two, so that the stamp which that
// returns is not live either.
func (e *Epoch) EndAt(pc uintptr) {
	generation := e.generation.Load()
	if pc != 0 {
		store2(&e.ends[generation%rememberedEnds], packEnd(generation, pc), &e.generation, generation+2)
	} else {
		store(&e.generation, generation+2)
	}
	if g := e.guarded.Load(); g != nil {
		e.replaced = nil
		s := Stamp{e, generation}
		g.Release(s.endPC(), s.End)
	}
}

// EndPC returns the place that EndsAt has recorded for this scope, 0 if none is known.
func (s Stamp) EndPC() uintptr {
	if s.epoch == nil {
		return 0
	}
	return s.endPC()
}

// SetRecord attaches what an allocator knows of the block of an epoch made by
// [NewBlockEpoch], for [Stamp.Record]. It is called before the first Stamp.
func (e *Epoch) SetRecord(record any) { e.record = record }

// Record returns what SetRecord has attached to the epoch of s: how the Release of an
// allocator finds the block again.
func (s Stamp) Record() any {
	if s.epoch == nil || s.epoch.kind == guarded {
		return nil
	}
	return s.epoch.record
}
