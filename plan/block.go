package plan

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// A Block is a piece of memory that a program needs for a while.
type Block struct {
	Size  int64 // in bytes, not negative
	Align int64 // its offset is a multiple of Align, a power of two; 0 means 1

	// The block is live in the half-open interval [From, To) of steps. What its owner
	// counts as a step is its own affair; only the order matters. A block whose life is
	// empty overlaps nothing.
	From, To int64

	// A fixed block keeps the offset that it has. That of any other is ignored.
	Fixed  bool
	Offset int64
}

// A Pair says that the operation that makes block Out may compute it in place of block
// In: that the two may share memory although both are live during the operation. That is
// possible if In dies in the step in which Out is born, In.To-1 == Out.From, if Out is not
// larger, and if both begin at the same offset. A planner decides whether they do.
type Pair struct{ In, Out int }

// A Problem is what is to be packed into one arena.
type Problem struct {
	Blocks  []Block
	InPlace []Pair
}

// A Plan gives each block of a problem its place.
type Plan struct {
	Offsets []int64 // one for each block, in bytes from the start of the arena
	Peak    int64   // the size of the arena: the largest end of a block
	Bound   int64   // no plan of the problem has a smaller peak
}

// Proved reports whether no plan of the problem can be better.
func (p Plan) Proved() bool { return p.Peak == p.Bound }

// ErrInvalid is matched by the error of a problem that cannot be packed.
var ErrInvalid = errors.New("plan: invalid problem")

// validate returns an error that says what is wrong with a problem.
func (p Problem) validate() error {
	var sum uint64 // of sizes and alignments: no offset of a sensible plan can exceed it
	for i, b := range p.Blocks {
		switch {
		case b.Size < 0:
			return fmt.Errorf("%w: block %d: size %d is negative", ErrInvalid, i, b.Size)
		case b.Align < 0 || b.Align&(b.Align-1) != 0:
			return fmt.Errorf("%w: block %d: alignment %d is not a power of two", ErrInvalid, i, b.Align)
		case b.From > b.To:
			return fmt.Errorf("%w: block %d: life [%d, %d) ends before it begins", ErrInvalid, i, b.From, b.To)
		case b.Fixed && (b.Offset < 0 || b.Offset%b.align() != 0):
			return fmt.Errorf("%w: block %d: fixed offset %d is not a multiple of %d", ErrInvalid, i, b.Offset, b.align())
		}
		parts := []uint64{uint64(b.Size), uint64(b.align())}
		if b.Fixed {
			parts = append(parts, uint64(b.Offset))
		}
		for _, n := range parts {
			var carry uint64
			if sum, carry = bits.Add64(sum, n, 0); carry != 0 || sum > math.MaxInt64/2 {
				return fmt.Errorf("%w: block %d: the sum of sizes overflows", ErrInvalid, i)
			}
		}
	}
	if err := p.validatePairs(); err != nil {
		return err
	}
	return p.validateFixed()
}

// validateFixed returns an error if fixed blocks overlap.
func (p Problem) validateFixed() error {
	fixed := Problem{InPlace: p.InPlace}
	offsets := make([]int64, len(p.Blocks))
	for i, b := range p.Blocks {
		if offsets[i] = b.Offset; !b.Fixed {
			b.To = b.From
		}
		fixed.Blocks = append(fixed.Blocks, b)
	}
	if err := checkOverlap(fixed, offsets); err != nil {
		return fmt.Errorf("%w: fixed blocks: %w", ErrInvalid, err)
	}
	return nil
}

func (p Problem) validatePairs() error {
	for _, pair := range p.InPlace {
		if min(pair.In, pair.Out) < 0 || max(pair.In, pair.Out) >= len(p.Blocks) || pair.In == pair.Out {
			return fmt.Errorf("%w: in-place pair of blocks %d and %d, of %d", ErrInvalid, pair.In, pair.Out, len(p.Blocks))
		}
		in, out := p.Blocks[pair.In], p.Blocks[pair.Out]
		if in.empty() || out.empty() || in.To-1 != out.From || out.Size > in.Size {
			return fmt.Errorf("%w: block %d [%d, %d) of %d bytes cannot be computed in place of block %d [%d, %d) of %d bytes",
				ErrInvalid, pair.Out, out.From, out.To, out.Size, pair.In, in.From, in.To, in.Size)
		}
	}
	return nil
}

// empty reports whether a block needs no memory at any time.
func (b Block) empty() bool { return b.Size == 0 || b.From == b.To }

func (b Block) align() int64 { return max(b.Align, 1) }

// alignUp returns the least multiple of align, a power of two, that is not below n.
func alignUp(n, align int64) int64 { return (n + align - 1) &^ (align - 1) }
