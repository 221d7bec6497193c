package scopetest

import (
	"slices"
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestCheckpointer tests the contract of [memory.Checkpointer], that of
// [scope.Allocator] included, and that of [memory.Unwinder] if it is one. Each call of
// new returns a fresh one with [Room].
func TestCheckpointer(t testing.TB, new func() memory.Checkpointer) {
	t.Helper()
	var f findings
	s := trial.Plain(trial.AsCheckpointer, Room, new)
	f.checkpointer(s)
	f.report(t, rulesOf(s, allocatorRules, checkpointerRules)...)
}

var checkpointerRules = []*trial.Rule{
	trial.Checkpoints, trial.Order, trial.Foreign, trial.Ended, trial.Forgotten, trial.Unwinding,
}

func (f *findings) checkpointer(s trial.Subject) {
	f.run(s, checkpointPrograms)
	f.allocator(s)
}

func op(kind trial.Kind) trial.Op { return trial.Op{Kind: kind} }

func checkpointPrograms(yield func(trial.Program) bool) {
	for _, p := range []trial.Program{deep(20), wrongOrder(), forgotten(), unwound(), levelsInALoop()} {
		if !yield(p) {
			return
		}
	}
}

// deep opens and ends n levels, three times, with blocks born before, in and between.
func deep(n int) trial.Program {
	var p trial.Program
	for range n {
		p = append(p, alloc(100, 8), op(trial.Checkpoint))
	}
	for range n {
		p = append(p, alloc(300, 8), op(trial.Restore), alloc(50, 8))
	}
	return trial.Program{alloc(8, 8), {Kind: trial.Loop, N: 2, Body: p}}
}

// wrongOrder tries, at every moment, every checkpoint that must be refused.
func wrongOrder() trial.Program {
	var wrong trial.Program
	for n := range 8 {
		wrong = append(wrong, trial.Op{Kind: trial.Misrestore, N: n})
	}
	p := append(trial.Program{alloc(100, 8)}, wrong...)
	for _, kind := range []trial.Kind{trial.Checkpoint, trial.Checkpoint, trial.Restore, trial.Checkpoint, trial.Restore, trial.Restore} {
		p = append(append(p, op(kind), alloc(100, 8)), wrong...)
	}
	return append(p, scoped(trial.ByReturn, append(wrong, op(trial.Checkpoint), alloc(8, 8), op(trial.Restore))...))
}

// forgotten leaves a checkpoint open in a scope.
func forgotten() trial.Program {
	inner := scoped(trial.Forgetting, alloc(100, 8), op(trial.Checkpoint), alloc(100, 8))
	return trial.Program{alloc(100, 8), scoped(trial.ByReturn, alloc(100, 8), inner, alloc(100, 8)), alloc(100, 8)}
}

// unwound ends several levels at once, by Unwind and by a panic.
func unwound() (p trial.Program) {
	for n := range 4 {
		for range 4 {
			p = append(p, alloc(100, 8), op(trial.Checkpoint))
		}
		p = append(p, alloc(100, 8), trial.Op{Kind: trial.Unwind, N: n}, alloc(100, 8))
	}
	return append(p, scoped(trial.ByPanic, slices.Clone(p)...), alloc(100, 8))
}

// levelsInALoop uses more memory in levels, one after the other, than there is.
func levelsInALoop() trial.Program {
	body := trial.Program{op(trial.Checkpoint), alloc(5000, 8), op(trial.Checkpoint), alloc(100, 64), op(trial.Restore), alloc(1000, 8), op(trial.Restore)}
	return trial.Program{alloc(100, 8), {Kind: trial.Loop, N: 4 * Room / 5000, Body: body}}
}
