package pages

import "encoding/binary"

// canary fills the bytes between a block and its page's ends. It is not a value that
// numeric code writes, and differs from the poison.
const canary = 0xC3

// near is how many bytes before a block are filled and looked at: a page more would
// cost more than it finds.
const near = 64

// canaries returns the bytes around the block that are looked at.
func (b *Block) canaries() (before, behind []byte) {
	return b.page[max(0, b.start-near):b.start], b.page[b.start+len(b.mem):]
}

// damage says on which side of the block somebody wrote; empty if nobody did.
func (b *Block) damage() string {
	before, behind := b.canaries()
	switch {
	case !intact(behind):
		return "behind"
	case !intact(before):
		return "before"
	}
	return ""
}

func fill(mem []byte) {
	for i := range mem {
		mem[i] = canary
	}
}

func intact(mem []byte) bool {
	for _, c := range mem {
		if c != canary {
			return false
		}
	}
	return true
}

// poison is what released memory, and memory that was never written, reads as: NaN as
// a float64 and, in each half, as a float32, and a conspicuous integer.
const poison = 0x7FF4DEAD7FF4DEAD

// Poison overwrites memory.
func Poison(mem []byte) {
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], poison)
	for done := copy(mem, word[:]); done < len(mem); done *= 2 {
		copy(mem[done:], mem[:done])
	}
}
