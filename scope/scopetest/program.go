package scopetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// RunProgram interprets program as operations on a fresh buffer and returns the
// first rule it breaks. Each operation is a byte, followed by its arguments;
// every string of bytes is a program.
//
// If exact, what the buffer says is available must be available: that is too much
// to ask when its source rounds sizes up.
func RunProgram(new func() bumper.Buffer, exact bool, program []byte) error {
	return find(func() {
		m := &machine{tape: tape{program}, desk: desk{buf: new()}, new: new, exact: exact}
		m.ctx = scope.WithAllocator(context.Background(), m.buf)
		for !m.done() {
			m.step()
		}
		for len(m.open) > 0 {
			m.restoreTop()
		}
		m.reset()
		m.ledger.End(0)
	})
}

// RandomProgram returns a program of up to a hundred operations.
func RandomProgram(rng *rand.Rand) []byte {
	program := make([]byte, 20+rng.IntN(230))
	for i := range program {
		program[i] = byte(rng.Uint32())
	}
	return program
}

// A tape is what a program is read from; an exhausted one reads zeros.
type tape struct{ code []byte }

func (t *tape) done() bool { return len(t.code) == 0 }

func (t *tape) next() (b byte) {
	if len(t.code) > 0 {
		b, t.code = t.code[0], t.code[1:]
	}
	return b
}

// size reads a size: mostly one from the list of awkward ones, sometimes any up
// to 2 KiB, rarely one that no allocator can have.
func (t *tape) size() uintptr {
	switch b := int(t.next()); {
	case b < 8:
		return ^uintptr(0)>>(b%2) - uintptr(b*b*b*b)
	case b < 128:
		return sizes[b%len(sizes)]
	default:
		return uintptr(b&7)<<8 | uintptr(t.next())
	}
}

func (t *tape) align() uintptr {
	b := t.next()
	if b >= 252 {
		return absurd << (b % 2)
	}
	return 1 << (b % 14) >> 1 // 0, 1, 2 … 4096
}

// absurd is a size, and an alignment, from which on every request must be refused.
const absurd = uintptr(1) << (uintptrBits - 2)

// A machine runs a program.
type machine struct {
	tape
	desk
	new    func() bumper.Buffer
	exact  bool
	ctx    context.Context
	open   []openLevel
	ended  []memory.Checkpoint
	levels int    // opened so far; the number of a level is its owner's
	allocs uint64 // successful
}

type openLevel struct {
	cp     memory.Checkpoint
	owner  int
	hidden bool // opened by NoEscape
}

// owner is who owns what is allocated now.
func (m *machine) owner() int {
	if len(m.open) == 0 {
		return 0
	}
	return m.open[len(m.open)-1].owner
}

func (m *machine) step() {
	switch m.next() % 16 {
	default:
		m.allocate()
	case 7, 8:
		m.push(m.buf.Checkpoint(), false)
	case 9, 10:
		if n := len(m.open); n > 0 && !m.open[n-1].hidden {
			m.restoreTop()
		}
	case 11:
		m.misrestore()
	case 12:
		m.tryReset()
	case 13, 14:
		m.scope()
	case 15:
		m.other()
	}
	checkBooks(m.buf)
	require(m.buf.Stats().Allocations == m.allocs, "%d allocations are counted as %d", m.allocs, m.buf.Stats().Allocations)
}

func (m *machine) push(cp memory.Checkpoint, hidden bool) {
	m.levels++
	m.open = append(m.open, openLevel{cp, m.levels, hidden})
}

// allocate allocates, and judges a refusal.
func (m *machine) allocate() {
	size, align := m.size(), m.align()
	before := m.buf.Stats()
	_, err := m.ledger.Alloc(m.buf.Alloc, m.owner(), size, align)
	if err == nil {
		m.allocs++
		require(size == 0 || (size < absurd && align < absurd), "Alloc(%d, %d) gives a block", size, align)
		return
	}
	after := m.buf.Stats()
	require(after.Used == before.Used && after.Allocations == before.Allocations,
		"a refused Alloc(%d, %d) changed %+v to %+v", size, align, before, after)
	require(size != 0, "Alloc(0, %d): %v", align, err)
	if size < absurd && align < absurd {
		require(before.Limit > 0, "Alloc(%d, %d) of a buffer without limit: %v", size, align, err)
		most := uintptr(before.Limit)
		require(before.Used > 0 || size > most || align > most || size+align+512 > most,
			"an empty buffer of limit %d refuses Alloc(%d, %d): %v", before.Limit, size, align, err)
	}
	m.probeAvailable(size, err)
}

// probeAvailable checks the numbers in a refusal: what it says is available, is.
func (m *machine) probeAvailable(size uintptr, err error) {
	var e *scope.ExhaustedError
	if !errors.As(err, &e) {
		return
	}
	require(e.Requested == size, "%d requested, but the error says: %v", size, err)
	require(e.Limit == uintptr(m.buf.Stats().Limit), "limit %d, but the error says: %v", m.buf.Stats().Limit, err)
	if little := min(e.Available, 63); little > 0 && m.exact {
		_, again := m.ledger.Alloc(m.buf.Alloc, m.owner(), little, 1)
		require(again == nil, "%d bytes are refused after: %v", little, err)
		m.allocs++
	}
}

// restoreTop ends the innermost level.
func (m *machine) restoreTop() {
	top := m.pop()
	m.restore(top.cp, top.owner)
	m.ended = append(m.ended, top.cp)
}

func (m *machine) pop() openLevel {
	last := len(m.open) - 1
	top := m.open[last]
	m.open = m.open[:last]
	return top
}

// misrestore restores what must be refused.
func (m *machine) misrestore() {
	cp, want := m.new().Checkpoint(), bumper.ErrForeign
	switch i := int(m.next()); {
	case i%4 == 0:
	case i%4 == 1 && len(m.ended) > 0:
		cp, want = m.ended[i%len(m.ended)], bumper.ErrEnded
	case len(m.open) > 1 && !m.open[i%(len(m.open)-1)].hidden:
		cp, want = m.open[i%(len(m.open)-1)].cp, bumper.ErrOutOfOrder
	}
	m.refuses("Restore", want, func() error { return m.buf.Restore(cp) })
}

func (m *machine) tryReset() {
	if len(m.open) > 0 {
		m.refuses("Reset", bumper.ErrOpenScope, m.buf.Reset)
		return
	}
	m.reset()
	m.ledger.End(0)
}

// scope runs the following operations in a NoEscape, whose ending is read first.
func (m *machine) scope() {
	ending := []string{"error", "panic", "Goexit", "exhausted", "return", "return"}[m.next()%6]
	count, depth := int(m.next()%16), len(m.open)
	if depth > 12 {
		return
	}
	body := func(context.Context) {
		m.push(memory.Checkpoint{}, true)
		for range count {
			m.step()
		}
		if _, ok := m.buf.(memory.Unwinder); !ok || ending != "panic" {
			for len(m.open) > depth+1 { // only a panic may leave levels open
				m.restoreTop()
			}
		}
	}
	if end, early := endings[ending]; early {
		end(m.ctx, body)
	} else {
		err := scope.NoEscape(m.ctx, func(ctx context.Context) error { body(ctx); return nil })
		require(err == nil, "NoEscape: %v", err)
	}
	var ended []int
	for len(m.open) > depth {
		ended = append(ended, m.pop().owner)
	}
	m.ledger.End(ended...)
}

// other writes, appends, trims, collects garbage or tries the held buffer.
func (m *machine) other() {
	n, arg := m.ledger.Len(), int(m.next())
	trimmer, trims := m.buf.(interface{ Trim() })
	switch {
	case arg%5 == 0:
		handshake.SharingOf(m.buf).Hold()
		m.refuses("Reset of a held buffer", bumper.ErrHeld, m.buf.Reset)
		handshake.SharingOf(m.buf).Unhold()
	case arg%5 == 1 && trims:
		trimmer.Trim()
	case arg == 2:
		runtime.GC()
	case n > 0 && arg%2 == 0:
		m.ledger.Append(arg % n)
	case n > 0:
		m.ledger.Write(arg % n)
		m.ledger.Verify()
	}
}
