package scopetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestBuffer checks the contract of bumper.Buffer, that of scope.Allocator
// included. Every call of new returns a fresh buffer of the same kind with
// [Room].
func TestBuffer(t *testing.T, new func() bumper.Buffer) {
	t.Helper()
	TestAllocator(t, func() scope.Allocator { return new() })
	test(t, bufferRules, new)
}

// CheckBuffer is [TestBuffer] with the violations as an error.
func CheckBuffer(new func() bumper.Buffer) error {
	return errors.Join(
		CheckAllocator(func() scope.Allocator { return new() }),
		collect(bufferRules, new))
}

var bufferRules = []rule[bumper.Buffer]{
	{"epochs", "restoring a level invalidates exactly what was born in it", checkEpochs},
	{"order", "levels end in reverse order; a foreign, ended or lower checkpoint is an error and changes nothing", checkOrder},
	{"reset", "Reset releases everything; with an open checkpoint it is ErrOpenScope and changes nothing", checkReset},
	{"hold", "while the buffer is held, Reset and Restore are ErrHeld and change nothing", checkHold},
	{"forgotten", "a checkpoint that fn left open is an error of NoEscape", checkForgotten},
	{"places", "a dead stamp tells where its scope ended", checkPlaces},
	{"steady", "a loop reaches a steady size", checkSteady},
	{"programs", "any program of operations behaves like plain make", checkPrograms},
}

// A desk is a buffer with its ledger, whose books it compares around refusals.
type desk struct {
	buf    bumper.Buffer
	ledger Ledger
}

func (d *desk) alloc(owner int, size uintptr) {
	_, err := d.ledger.Alloc(d.buf.Alloc, owner, size, 8)
	require(err == nil, "Alloc(%d, 8): %v", size, err)
}

// restore ends cp, whose level is that of owner.
func (d *desk) restore(cp memory.Checkpoint, owner int) {
	require(cp.Live(), "the checkpoint of an open level is dead")
	err := d.buf.Restore(cp)
	require(err == nil, "Restore in order: %v", err)
	require(!cp.Live(), "the checkpoint of an ended level is live")
	d.ledger.End(owner)
	checkBooks(d.buf)
}

// refuses checks that f returns an error matching want and changes nothing.
func (d *desk) refuses(what string, want error, f func() error) {
	before := d.buf.Stats()
	err := f()
	require(errors.Is(err, want), "%s: %v instead of %v", what, err, want)
	require(d.buf.Stats() == before, "%s: refused, but changed %+v to %+v", what, before, d.buf.Stats())
	d.ledger.Verify()
}

// reset releases everything.
func (d *desk) reset() {
	before := d.buf.Stats().Resets
	err := d.buf.Reset()
	require(err == nil, "Reset: %v", err)
	s := d.buf.Stats()
	require(s.Used == 0, "after Reset %d bytes are used", s.Used)
	require(s.Resets == before+1, "%d resets became %d", before, s.Resets)
}

// checkBooks checks that a buffer's numbers go together.
func checkBooks(buf bumper.Buffer) {
	s := buf.Stats()
	require(0 <= s.Used && s.Used <= s.Capacity, "used %d of capacity %d", s.Used, s.Capacity)
	require(s.Used <= s.HighWater, "used %d is above high water %d", s.Used, s.HighWater)
	require(s.Limit == 0 || s.Capacity <= s.Limit, "capacity %d is above limit %d", s.Capacity, s.Limit)
}

func checkEpochs(new func() bumper.Buffer) {
	const deep = 20
	d := &desk{buf: new()}
	for range 3 {
		cps := make([]memory.Checkpoint, deep)
		for level := range deep {
			d.alloc(level, 100) // owner 0 is the buffer's own level
			cps[level] = d.buf.Checkpoint()
		}
		for level := deep - 1; level >= 0; level-- {
			d.alloc(level+1, 300)
			d.restore(cps[level], level+1)
			d.alloc(level, 50) // in the level below, where memory was just released
		}
	}
	d.reset()
	d.ledger.End(0)
}

func checkOrder(new func() bumper.Buffer) {
	d, other := &desk{buf: new()}, new()
	foreign := other.Checkpoint()
	d.alloc(0, 100)
	low := d.buf.Checkpoint()
	d.alloc(1, 100)
	high := d.buf.Checkpoint()
	d.alloc(2, 100)
	refused := func(what string, want error, cp memory.Checkpoint) {
		d.refuses(what, want, func() error { return d.buf.Restore(cp) })
	}
	always := func() {
		refused("Restore of another buffer's checkpoint", bumper.ErrForeign, foreign)
		refused("Restore of no checkpoint", bumper.ErrForeign, memory.Checkpoint{})
	}
	always()
	refused("Restore below an open level", bumper.ErrOutOfOrder, low)
	d.restore(high, 2)
	refused("second Restore", bumper.ErrEnded, high)
	again := d.buf.Checkpoint()
	refused("Restore of an ended level while another stands at its depth", bumper.ErrEnded, high)
	d.restore(again, 2)
	d.restore(low, 1)
	always()
	refused("second Restore", bumper.ErrEnded, low)
	require(other.Restore(foreign) == nil, "the other buffer's checkpoint is spoilt")
}

func checkReset(new func() bumper.Buffer) {
	d := &desk{buf: new()}
	for range 3 {
		for range 10 {
			d.alloc(0, 1000)
		}
		cp := d.buf.Checkpoint()
		d.alloc(1, 1000)
		d.refuses("Reset with an open checkpoint", bumper.ErrOpenScope, d.buf.Reset)
		d.restore(cp, 1)
		require(d.buf.Stats().Used >= 10_000, "10000 live bytes, but %d used", d.buf.Stats().Used)
		d.reset()
		d.ledger.End(0)
	}
}

func checkHold(new func() bumper.Buffer) {
	d := &desk{buf: new()}
	d.alloc(0, 100)
	cp := d.buf.Checkpoint()
	d.alloc(1, 100)
	sharing := handshake.SharingOf(d.buf)
	require(sharing == handshake.SharingOf(d.buf), "Sharing is not the same each time")
	restore := func() error { return d.buf.Restore(cp) }
	for n := 1; n <= 2; n++ {
		sharing.Hold()
		require(sharing.Held(), "not held after Hold")
		d.refuses("Restore of a held buffer", bumper.ErrHeld, restore)
		d.refuses("Reset of a held buffer", bumper.ErrHeld, d.buf.Reset)
		if u, ok := d.buf.(memory.Unwinder); ok {
			d.refuses("Unwind of a held buffer", bumper.ErrHeld, func() error { return u.Unwind(cp) })
		}
		inGoroutine(func() { d.refuses("Reset by another goroutine", bumper.ErrHeld, d.buf.Reset) })
	}
	sharing.Unhold()
	d.refuses("Restore of a buffer held twice, released once", bumper.ErrHeld, restore)
	sharing.Unhold()
	require(!sharing.Held(), "held after the last Unhold")
	d.restore(cp, 1)
	require(panicOf(sharing.Unhold) != nil, "Unhold without Hold does not panic")
	d.reset()
	d.ledger.End(0)
}

func checkForgotten(new func() bumper.Buffer) {
	d := &desk{buf: new()}
	ctx := scope.WithAllocator(context.Background(), d.buf)
	d.alloc(outside, 100)
	err := scope.NoEscape(ctx, func(context.Context) error {
		d.alloc(outerScope, 100)
		d.buf.Checkpoint()
		d.alloc(outerScope, 100)
		return errEnding
	})
	require(errors.Is(err, bumper.ErrOutOfOrder), "NoEscape with a forgotten checkpoint: %v", err)
	require(errors.Is(err, errEnding), "fn's own error is lost: %v", err)
	if _, ok := d.buf.(memory.Unwinder); ok {
		d.ledger.End(outerScope)
		d.reset()
		d.ledger.End(outside)
	}
}

func checkSteady(new func() bumper.Buffer) {
	buf := new()
	ctx := scope.WithAllocator(context.Background(), buf)
	capacity := 0
	for i := range 1000 {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			for _, size := range []int{100, 7000, 20_000, 1, 9000} {
				_ = scope.Make[byte](ctx, size)
			}
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				_ = scope.Make[float64](ctx, 3000)
				return nil
			})
		})
		require(err == nil, "scope %d: %v", i, err)
		if i == 20 {
			capacity = buf.Stats().Capacity
		}
		require(i <= 20 || buf.Stats().Capacity == capacity, "capacity %d became %d in scope %d", capacity, buf.Stats().Capacity, i)
	}
}

func checkPrograms(new func() bumper.Buffer) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10 * thoroughness() {
		program := RandomProgram(rng)
		if err := RunProgram(new, false, program); err != nil {
			require(false, "program %q: %v", program, err)
		}
	}
}
