package trial

import (
	"bytes"
	"iter"
	"math/rand/v2"
	"runtime/debug"

	"github.com/allocarrays/allocarrays-go/bumper"
)

// A SourceOp is one operation on a source.
type SourceOp struct {
	Kind SourceKind
	N    int // bytes of Acquire and of AcquireAll, else the number of a held piece
}

// A SourceKind is what an operation does.
type SourceKind byte

// The kinds of operations on a source.
const (
	Acquire    SourceKind = iota //
	AcquireAll                   // until refused
	Release                      // the N-th held piece
	Rewrite                      // the content of the N-th held piece
	ReleaseAll                   //
)

// mostInt is the largest int; no source can supply nearly as much.
const mostInt = 2*absurd - 1

// SourcePrograms returns programs for a source that can supply room bytes.
func SourcePrograms(room int) (all [][]SourceOp) {
	do := func(kind SourceKind, n int) SourceOp { return SourceOp{kind, n} }
	var sizes, huge []SourceOp
	for _, n := range Sizes {
		sizes = append(sizes, do(Acquire, max(1, int(n))))
	}
	for _, n := range []uintptr{mostInt, mostInt - 62, mostInt - 4096} {
		huge = append(huge, do(Acquire, 100), do(Acquire, int(n)))
	}
	round := append([]SourceOp{do(AcquireAll, room/4+1)}, do(Release, 1), do(Acquire, room/4+1), do(ReleaseAll, 0))
	all = append(all, sizes, huge, []SourceOp{do(Acquire, room)}, append(append(round, round...), do(Acquire, room/4+1)))
	rng := rand.New(rand.NewPCG(10, 11))
	for range max(10, Programs(30)) {
		var p []SourceOp
		for range 40 {
			switch op := do(SourceKind(rng.IntN(4)), rng.IntN(room/16)); op.Kind {
			case AcquireAll:
				p = append(p, do(Acquire, 1+op.N>>rng.IntN(12)))
			default:
				p = append(p, op)
			}
		}
		all = append(all, p)
	}
	return all
}

// RunSource runs program over a source that new returns and can supply room bytes,
// releases everything, and returns the first violation.
func RunSource(new func() bumper.Source, room int, program []SourceOp) *Violation {
	return (&sourceMachine{src: new(), room: room}).run(program)
}

// JudgeSource is RunSource that returns with the violation the shortest program found
// which breaks the same rule.
func JudgeSource(new func() bumper.Source, room int, program []SourceOp) *Violation {
	found, runs := RunSource(new, room, program), 0
	if found == nil {
		return nil
	}
	short := Shrink(program, SourceOp.simpler, func(p []SourceOp) bool {
		if runs++; runs > patience/100 {
			return false
		}
		v := RunSource(new, room, p)
		return v != nil && v.Rule == found.Rule
	})
	m := &sourceMachine{src: new(), room: room}
	m.trace.on = true
	if v := m.run(short); v != nil && v.Rule == found.Rule {
		found = v
	} else {
		found.Message += " (not when run again: below is what it tried)"
	}
	found.Program = m.trace.text()
	return found
}

func (op SourceOp) simpler() iter.Seq[[]SourceOp] {
	return func(yield func([]SourceOp) bool) {
		for n := range Smaller(uintptr(op.N)) {
			if (n > 0 || op.Kind > AcquireAll) && !yield([]SourceOp{{op.Kind, int(n)}}) {
				return
			}
		}
	}
}

// A sourceMachine runs one program.
type sourceMachine struct {
	src   bumper.Source
	room  int
	trace trace
	held  []piece
	next  int         // the number of the next piece
	most  map[int]int // pieces of a size that were held at the same time
	seed  byte
}

type piece struct {
	number int
	size   int // asked for
	mem    []byte
	want   []byte
}

func (p piece) name() name { return name{"m", p.number} }

func (m *sourceMachine) run(program []SourceOp) *Violation {
	m.trace.add("src := new()")
	m.most = map[int]int{}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	v := find(func() {
		for _, op := range program {
			m.step(op)
		}
		for len(m.held) > 0 {
			m.release(0)
		}
	})
	if v == nil {
		return nil
	}
	if v.Rule == Panics {
		v.Rule = SourcePanics
	}
	m.trace.note("← %s", v.Rule.Name)
	_ = find(func() { // what is broken may not even take its memory back
		for _, p := range m.held {
			m.src.Release(p.mem)
		}
	})
	return v
}

func (m *sourceMachine) step(op SourceOp) {
	n := len(m.held)
	switch {
	case op.Kind == Acquire:
		m.acquire(op.N)
	case op.Kind == AcquireAll:
		for given := 0; given < 4*m.room && m.acquire(op.N); given += max(op.N, m.room/64) {
		}
	case n > 0 && op.Kind == Release:
		m.release(op.N % n)
	case n > 0 && op.Kind == Rewrite:
		m.trace.add("fill(%s, newPattern())", m.held[op.N%n].name())
		m.write(&m.held[op.N%n])
		m.verify()
	case op.Kind == ReleaseAll:
		for len(m.held) > 0 {
			m.release(0)
		}
	}
}

func (m *sourceMachine) acquire(size int) bool {
	p := piece{number: m.next, size: size}
	m.next++
	m.trace.add("%s, err := src.Acquire(%s)", p.name(), count(size))
	mem, err := m.src.Acquire(size)
	if err != nil {
		m.trace.note("%v", err)
		m.judgeRefusal(size, mem, err)
		return false
	}
	Require(uintptr(size) < mostInt-4096, SourceRefusal, "Acquire(%s) is not refused", count(size))
	Require(len(mem) >= size, SourceSize, "%s has %d bytes instead of %d", p.name(), len(mem), size)
	from, to := span(mem)
	Require(from%64 == 0, SourceAlignment, "%s begins at %#x, which is no multiple of 64", p.name(), from)
	for _, other := range m.held {
		begin, end := span(other.mem)
		Require(to <= begin || end <= from, SourceDisjoint, "%s at [%#x, %#x) overlaps %s at [%#x, %#x)", p.name(), from, to, other.name(), begin, end)
	}
	p.mem, p.want = mem, make([]byte, len(mem))
	m.write(&p)
	m.held = append(m.held, p)
	m.most[size] = max(m.most[size], m.count(size))
	m.verify()
	return true
}

func (m *sourceMachine) judgeRefusal(size int, mem []byte, err error) {
	Require(len(mem) == 0, SourceRefusal, "Acquire(%s) returns memory together with the error %v", count(size), err)
	if v := find(m.verify); v != nil {
		Require(false, SourceRefusal, "Acquire(%s) is refused (%v), but %s", count(size), err, v.Message)
	}
	Require(m.count(size) < len(m.held) || len(m.held) >= m.most[size], SourceReuse,
		"Acquire(%s) is refused although such a piece was released: %v", count(size), err)
	total := size
	for _, p := range m.held {
		total += len(p.mem)
	}
	Require(uintptr(size) >= mostInt-4096 || len(m.held) > 0 && total > m.room/4 || total > m.room, SourceRoom,
		"Acquire(%d) is refused while %d bytes are held: %v", size, total-size, err)
}

// count returns how many pieces of a size are held.
func (m *sourceMachine) count(size int) (n int) {
	for _, p := range m.held {
		n += btoi(p.size == size)
	}
	return n
}

func (m *sourceMachine) write(p *piece) {
	m.seed += 37
	for want := p.want; len(want) > 0; {
		want = want[copy(want, pattern[m.seed:int(m.seed)+256]):]
	}
	copy(p.mem, p.want)
}

func (m *sourceMachine) release(i int) {
	p := m.held[i]
	m.trace.add("src.Release(%s)", p.name())
	m.held = append(m.held[:i], m.held[i+1:]...)
	m.src.Release(p.mem)
	m.verify()
}

func (m *sourceMachine) verify() {
	for _, p := range m.held {
		if !bytes.Equal(p.mem, p.want) {
			i := firstDifference(p.mem, p.want)
			Require(false, SourceUntouched, "byte %d of %s changed from %#x to %#x", i, p.name(), p.want[i], p.mem[i])
		}
	}
}
