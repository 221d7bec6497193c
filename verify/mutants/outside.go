package main

import (
	"fmt"
	"strings"
)

// found are bugs that somebody planted by hand and that no test found, so that each has a
// test now, and those by which users would lose most; old is in the function once. The test is
// tried first: it says what is wrong, where others may only hang.
var found = []struct{ file, function, old, new, test string }{
	// A region begins in the middle of a reset, and is reset.
	{"internal/handshake/sharing.go", "Sharing.Hold", "n >= 0 && s.holds.CompareAndSwap(n, n+1)", "s.holds.CompareAndSwap(n, max(n, 0)+1)", "TestHoldWaitsForReset"},
	// The search for an overlap that gives up says that there is none.
	{"allocarray/overlap.go", "steps.reach", "*work < 0 || d == 0", "*work >= 0 && d == 0", "TestOverlapSearchGivesUp"},
	// A guarded block is placed in pages that show what the last one left.
	{"scope/internal/pages/arena.go", "arena.again", "a.dirty.has(s.first)", "false", "TestReuseAfterCleaning"},
	// The search for a chunk has no bound: a small region is served from any idle span, however
	// long.
	{"locked/arena.go", "arena.find", "a.bins[a.nextBin(bin+1)]",
		"func() (any *span) { for b := bin + 1; b < binCount; b++ { if a.bins[b] != nil { any = a.bins[b] } }; return any }()", "TestChunkSearchIsBounded"},
	// The halves of a sum are split near the end: as deep as the sum is long, and as inexact.
	{"internal/kernel/reduce.go", "half", "return (n/2 + sumBlock - 1) / sumBlock * sumBlock", "return n - 512", "TestSumIsPairwise"},
	// A region in use gives back what it stands on.
	{"locked/region.go", "region.giveUp", "if !r.open {", "if true {", "TestHammer"},
	// The word of a window does not tell it from a later one: an allocation that comes late
	// lands in a stranger's scope.
	{"internal/handshake/bumpregion.go", "BumpRegion.Open", ">>leftBits + 1", ">>leftBits", "TestLateSwap"},
	// A context that was kept allocates in the window of a later generation.
	{"internal/handshake/bumpregion.go", "BumpRegion.look", "b.generation.Load() == uint64(g)", "true", "TestStrangersWindow"},
}

// foundOutside returns the mutants of found.
func foundOutside(subjects []*subject) (all []*mutant, err error) {
	for _, o := range found {
		fn := lookUp(subjects, o.file, o.function)
		if fn == nil {
			return nil, fmt.Errorf("found from outside: no %s in %s", o.function, o.file)
		}
		f := fn.file
		begin, end := f.offset(fn.decl.Pos()), f.offset(fn.decl.End())
		body := string(f.source[begin:end])
		if n := strings.Count(body, o.old); n != 1 {
			return nil, fmt.Errorf("found from outside: %q is %d times in %s of %s", o.old, n, o.function, o.file)
		}
		at := begin + strings.Index(body, o.old)
		all = append(all, &mutant{class: ordinary, file: f, fn: fn, op: "found", test: o.test, edits: []edit{{at, at + len(o.old), o.new}}})
	}
	nameAll(all)
	return all, nil
}

// lookUp returns a function by its file and name, or nil.
func lookUp(subjects []*subject, path, name string) *function {
	for _, s := range subjects {
		for _, f := range s.files {
			for _, fn := range f.functions {
				if f.path == path && fn.name == name {
					return fn
				}
			}
		}
	}
	return nil
}
