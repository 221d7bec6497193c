package scopetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Room is how many bytes a fresh allocator must at least have, to be tested: 128 KiB.
// More is fine, and so is no bound. Rules about exhaustion need a bound, of at most
// four times as much.
const Room = 128 << 10

// TestAllocator tests the contract of [scope.Allocator]. Each call of new returns a
// fresh allocator with [Room].
func TestAllocator(t testing.TB, new func() scope.Allocator) {
	t.Helper()
	var f findings
	s := trial.Plain(trial.AsAllocator, Room, new)
	f.allocator(s)
	f.report(t, rulesOf(s, allocatorRules)...)
}

var allocatorRules = []*trial.Rule{
	trial.Size, trial.Alignment, trial.PowerOfTwo, trial.Disjoint, trial.Untouched, trial.Empty,
	trial.Overflow, trial.Exhausted, trial.Unchanged, trial.Room,
	trial.Lifetime, trial.Endings, trial.Reuse, trial.Extends, trial.Panics,
}

// allocator looks for violations of the contract of scope.Allocator.
func (f *findings) allocator(s trial.Subject) {
	f.run(s, allocatorPrograms)
	f.run(s, random)
	f.opens(s)
	f.unchanged(s)
	f.releaser(s)
}

// allocatorPrograms yields programs that go to the limits of the contract.
func allocatorPrograms(yield func(trial.Program) bool) {
	for _, programs := range []func() []trial.Program{alignments, oddSizes, fillings, scopes} {
		for _, p := range programs() {
			if !yield(p) {
				return
			}
		}
	}
}

func alloc(size, align uintptr) trial.Op {
	return trial.Op{Kind: trial.Alloc, Size: size, Align: align}
}

// alignments are programs with every size at every alignment.
func alignments() (all []trial.Program) {
	for align := uintptr(0); align <= 4096; align = max(1, 2*align) {
		all = append(all, trial.Program{alloc(1, 1), alloc(Room/2, align)})
		var up, down trial.Program
		for i := range trial.Sizes {
			up = append(up, alloc(1, 1), alloc(trial.Sizes[i], align)) // so that the next address is an odd one
			down = append(down, alloc(trial.Sizes[len(trial.Sizes)-1-i], align), alloc(3, 1))
		}
		all = append(all, up, down)
	}
	return all
}

// oddSizes are programs that ask for nothing, for too much, and for alignments that
// are none.
func oddSizes() []trial.Program {
	const (
		most   = ^uintptr(0)
		half   = most/2 + 1
		absurd = half / 2
	)
	var empty, huge, wrong trial.Program
	for _, align := range []uintptr{0, 1, 64, 4096, absurd, half} {
		empty = append(empty, alloc(0, align))
		for _, size := range []uintptr{absurd, half - 4097, half - 1, half, most - 8192, most - 4095, most - 63, most - 1, most} {
			huge = append(huge, alloc(100, 8), alloc(size, align))
		}
		if align >= absurd {
			huge = append(huge, alloc(1, align), alloc(64, align))
		}
	}
	for _, align := range []uintptr{3, 6, 12, 65, 1<<20 + 1, most} {
		for _, size := range []uintptr{0, 1, 64, 1 << 20} {
			wrong = append(wrong, trial.Op{Kind: trial.Misalloc, Size: size, Align: align})
		}
	}
	return []trial.Program{empty, huge, wrong}
}

// fillSize is no multiple of anything, to leave remainders.
const fillSize = 3001

// fillings are programs that fill an allocator and then ask for what is left.
func fillings() []trial.Program {
	fill := trial.Op{Kind: trial.Fill, Size: fillSize}
	left := trial.Program{fill}
	for size := uintptr(1); size < fillSize; size *= 2 {
		left = append(left, alloc(size, 1))
	}
	return []trial.Program{
		{fill, alloc(0, 0), alloc(0, 64), alloc(0, 4096)},
		left,
		{fill, scoped(trial.ByReturn, alloc(1, 1), alloc(64, 64)), alloc(1, 1)},
	}
}

func scoped(end trial.Ending, body ...trial.Op) trial.Op {
	return trial.Op{Kind: trial.Scope, End: end, Body: body}
}

// some is a few blocks.
func some(ops ...trial.Op) trial.Program {
	return append(trial.Program{alloc(1, 8), alloc(64, 8), alloc(1000, 8), alloc(4096, 8)}, ops...)
}

// scopes are programs whose scopes end in every way, and loops that use more memory,
// one scope after the other, than there is.
func scopes() (all []trial.Program) {
	for _, end := range []trial.Ending{trial.ByReturn, trial.ByError, trial.ByPanic, trial.ByGoexit, trial.ByExhausted} {
		inner := scoped(end, some()...)
		round := some(scoped(trial.ByReturn, append(some(inner), some(inner)...)...))
		all = append(all, append(round, some()...))
	}
	loop := func(n int, body ...trial.Op) trial.Program {
		return trial.Program{alloc(100, 8), {Kind: trial.Loop, N: n, Body: body}, alloc(100, 8)}
	}
	return append(all,
		loop(4*Room/5000, scoped(trial.ByReturn, some(scoped(trial.ByReturn, some()...))...)),
		loop(4*Room/5000, scoped(trial.ByError, alloc(5000, 1))),
		loop(300, scoped(trial.ByReturn, alloc(2000, 64), scoped(trial.ByReturn, alloc(8, 8)))))
}

// opens opens and ends scopes by scope.Open, at random.
func (f *findings) opens(s trial.Subject) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range max(20, trial.Programs(60)) {
		new, code := func() scope.Allocator { return s.New().Allocator }, trial.Random(rng)
		if v, ok := trial.RunOpens(new(), 0, code).(*trial.Violation); ok && !f.has(v.Rule) {
			f.found(trial.JudgeOpens(new, code))
		}
	}
}

// unchanged compares two allocators, of which one has refused much: it must have as
// much left as the other.
func (f *findings) unchanged(s trial.Subject) {
	const refusals, small = 16, 64
	for _, c := range []struct {
		size uintptr
		full bool // the allocator is, before
	}{{fillSize, true}, {^uintptr(0) / 3, true}, {^uintptr(0) / 3, false}} {
		program := fmt.Sprintf("a := %s\n", s.Name)
		if c.full {
			program += fmt.Sprintf("for err == nil {\n\t_, err = a.Alloc(%d, 1)\n}\n", fillSize)
		}
		program += fmt.Sprintf("for range %d {\n\t_, err = a.Alloc(%#x, 1) // refused\n}\nfor err == nil {\n\t_, err = a.Alloc(%d, %d) // ← unchanged\n}", refusals, c.size, small, small)
		f.check(program, func() {
			one, other := s.New().Allocator, s.New().Allocator
			if c.full && (!refused(one, fillSize, 4*Room/fillSize) || !refused(other, fillSize, 4*Room/fillSize)) {
				return // it has no bound
			}
			for range refusals {
				_, err := one.Alloc(c.size, 1)
				trial.Require(err != nil, trial.Overflow, "Alloc(%#x, 1) is not refused", c.size)
			}
			with, without := granted(one, small, 2*Room/small), granted(other, small, 2*Room/small)
			// Storage may begin elsewhere in the other and lose a block to alignment.
			trial.Require(with >= without-2, trial.Unchanged, "after %d refusals there is room for %d blocks of %d bytes, without them for %d", refusals, with, small, without)
		})
	}
}

// granted allocates up to n blocks and returns how many it got.
func granted(a scope.Allocator, size uintptr, n int) int {
	for i := range n {
		if _, err := a.Alloc(size, 64); err != nil {
			return i
		}
	}
	return n
}

// refused reports whether one of n allocations is refused, and makes no more.
func refused(a scope.Allocator, size uintptr, n int) bool { return granted(a, size, n) < n }
