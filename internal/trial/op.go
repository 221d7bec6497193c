package trial

import "math/rand/v2"

// A Program is what is done to an allocator, one operation after the other. An
// operation that makes no sense where it stands (a Restore without a checkpoint), or
// that the allocator is not able to do, is passed over.
type Program []Op

// An Op is one operation. Which of the fields it uses depends on the kind.
type Op struct {
	Kind        Kind
	Size, Align uintptr
	N           int
	End         Ending
	Body        Program
}

// A Kind is what an operation does.
type Kind byte

// The kinds of operations.
const (
	Alloc      Kind = iota // of Size bytes at Align
	Misalloc               // the same with an Align that is no power of two
	Fill                   // blocks of Size bytes until one is refused
	Write                  // to the N-th live block
	Checkpoint             //
	Restore                // of the innermost checkpoint
	Misrestore             // of a checkpoint that must be refused, chosen by N
	Unwind                 // of the N-th open checkpoint from the innermost
	Reset                  // which an open checkpoint must prevent
	Hold                   // and try what must be refused meanwhile
	Trim                   //
	Collect                // garbage
	ReleaseOne             // of the N-th live block, by a memory.Releaser
	Misrelease             // of what must be refused, chosen by N
	Scope                  // NoEscape around Body, which ends by End
	Loop                   // N times Body
)

// An Ending is how a scope ends.
type Ending byte

// The ways in which a scope ends.
const (
	ByReturn    Ending = iota
	ByError            //
	ByPanic            // which may leave levels open
	ByGoexit           //
	ByExhausted        // memory, through Make
	Forgetting         // to restore a checkpoint
)

// Sizes are those at which roundings and thresholds go wrong.
var Sizes = []uintptr{0, 1, 7, 8, 9, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 4032, 4095, 4096, 4097, 8191, 8192, 8193}

const uintptrBits = 32 << (^uintptr(0) >> 63)

// absurd is a size, and an alignment, from which on every request must be refused.
const absurd = uintptr(1) << (uintptrBits - 2)

// Random returns the code of a program of up to a hundred operations, for [Decode].
func Random(rng *rand.Rand) []byte {
	code := make([]byte, 20+rng.IntN(230))
	for i := range code {
		code[i] = byte(rng.Uint32())
	}
	return code
}

// Decode reads a program from bytes: each operation is a byte, followed by its
// arguments.
func Decode(code []byte) (p Program) {
	for t := (&tape{code}); !t.done(); {
		p = append(p, t.op(0))
	}
	return p
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

// deepest is how deep scopes of a decoded program nest.
const deepest = 12

func (t *tape) op(depth int) Op {
	switch t.next() % 16 {
	default:
		return Op{Kind: Alloc, Size: t.size(), Align: t.align()}
	case 7, 8:
		return Op{Kind: Checkpoint}
	case 9, 10:
		return Op{Kind: Restore}
	case 11:
		return Op{Kind: Misrestore, N: int(t.next())}
	case 12:
		return Op{Kind: Reset}
	case 13, 14:
		return t.scope(depth)
	case 15:
		return t.other()
	}
}

func (t *tape) scope(depth int) Op {
	endings := [...]Ending{ByError, ByPanic, ByGoexit, ByExhausted, ByReturn, Forgetting}
	op := Op{Kind: Scope, End: endings[t.next()%6]}
	count := int(t.next() % 16)
	if depth == deepest {
		return op
	}
	for range count {
		op.Body = append(op.Body, t.op(depth+1))
	}
	return op
}

func (t *tape) other() Op {
	switch arg := int(t.next()); {
	case arg%5 == 0:
		return Op{Kind: Hold}
	case arg%5 == 1:
		return Op{Kind: Trim}
	case arg == 2:
		return Op{Kind: Collect}
	case arg%5 == 3:
		return Op{Kind: Unwind, N: arg / 5}
	default:
		return Op{Kind: Write, N: arg}
	}
}

// size reads a size: mostly one from the list of awkward ones, sometimes any up
// to 2 KiB, rarely one that no allocator can have.
func (t *tape) size() uintptr {
	switch b := int(t.next()); {
	case b < 8:
		return ^uintptr(0)>>(b%2) - uintptr(b*b*b*b)
	case b < 128:
		return Sizes[b%len(Sizes)]
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
