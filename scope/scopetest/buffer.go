package scopetest

import (
	"context"
	"strings"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestBuffer tests the contract of [bumper.Buffer], those of [memory.Checkpointer] and
// [scope.Allocator] included. Each call of new returns a fresh buffer of the same kind
// with [Room].
func TestBuffer(t testing.TB, new func() bumper.Buffer) {
	t.Helper()
	var f findings
	s := trial.Plain(trial.AsBuffer, Room, new)
	f.run(s, resetPrograms)
	f.checkpointer(s)
	f.check(placesProgram, func() { checkPlaces(new()) })
	f.check(steadyProgram, func() { checkSteady(new()) })
	f.report(t, rulesOf(s, allocatorRules, checkpointerRules, bufferRules)...)
}

var bufferRules = []*trial.Rule{
	trial.Resets, trial.Holding, trial.Numbers, trial.Places, trial.Steady,
}

// resetPrograms yields programs that reset and hold the buffer.
func resetPrograms(yield func(trial.Program) bool) {
	reset, hold := op(trial.Reset), op(trial.Hold)
	round := trial.Program{alloc(9000, 8), op(trial.Checkpoint), alloc(1000, 8), reset, hold, op(trial.Restore), alloc(8, 8), reset, alloc(8, 8), hold}
	_ = yield(append(trial.Program{hold, reset}, round...)) &&
		yield(trial.Program{{Kind: trial.Loop, N: 4 * Room / 9000, Body: round}}) &&
		yield(trial.Program{scoped(trial.ByReturn, alloc(100, 8), reset, hold), reset})
}

const placesProgram = `cp := a.Checkpoint()
b0, err := a.Alloc(8, 8)
err = a.Restore(cp)
_ = b0.Stamp.End() // names the caller of Restore
…                  // and so for NoEscape (the function it ran) and Reset`

// checkPlaces ends scopes in functions of known names.
func checkPlaces(buf bumper.Buffer) {
	stamp := func() scope.Stamp {
		b, err := buf.Alloc(8, 8)
		trial.Require(err == nil, trial.Room, "Alloc(8, 8): %v", err)
		return b.Stamp
	}
	cp := buf.Checkpoint()
	s := stamp()
	endsByRestore(buf, cp)
	endedIn(s, "endsByRestore")

	ctx := scope.WithAllocator(context.Background(), buf)
	_ = scope.NoEscape(ctx, endsByReturn(func() { s = stamp() }))
	endedIn(s, "endsByReturn")

	s = stamp()
	endsByReset(buf)
	endedIn(s, "endsByReset")
}

func endsByRestore(buf bumper.Buffer, cp memory.Checkpoint) {
	err := buf.Restore(cp)
	trial.Require(err == nil, trial.Checkpoints, "Restore of the innermost level: %v", err)
}

func endsByReset(buf bumper.Buffer) {
	err := buf.Reset()
	trial.Require(err == nil, trial.Resets, "Reset: %v", err)
}

func endsByReturn(f func()) func(context.Context) error {
	return func(context.Context) error { f(); return nil }
}

// endedIn checks that the report of s's end names the function.
func endedIn(s scope.Stamp, function string) {
	end := s.End()
	trial.Require(strings.HasPrefix(end, "ended at ") && strings.Contains(end, "buffer.go:") && strings.Contains(end, function),
		trial.Places, "a scope ended in %s reports %q", function, end)
}

const steadyProgram = `for range 300 {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		for _, size := range []int{100, 7000, 20_000, 1, 9000} {
			scope.Make[byte](ctx, size)
		}
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			scope.Make[float64](ctx, 3000)
			return nil
		})
	})
	_ = a.Stats().Capacity // the same from the 20th round on
}`

func checkSteady(buf bumper.Buffer) {
	if i, ok := buf.(memory.Isolator); ok && i.Isolates() {
		return // its size follows the garbage collector
	}
	ctx := scope.WithAllocator(context.Background(), buf)
	capacity := 0
	for i := range 300 {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			for _, size := range []int{100, 7000, 20_000, 1, 9000} {
				_, _, err := scope.Alloc[byte](ctx, size)
				if err != nil {
					return err
				}
			}
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				_, _, err := scope.Alloc[float64](ctx, 3000)
				return err
			})
		})
		trial.Require(err == nil, trial.Reuse, "scope %d: %v", i, err)
		if i == 20 {
			capacity = buf.Stats().Capacity
		}
		trial.Require(i <= 20 || buf.Stats().Capacity == capacity, trial.Steady, "capacity %d became %d in scope %d", capacity, buf.Stats().Capacity, i)
	}
}
