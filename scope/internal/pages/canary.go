package pages

import "encoding/binary"

// canary fills the bytes between a block and its page's ends. Numeric code does not
// usually write it, and it differs from the poison.
const canary = 0xC3

// near is how many bytes before a block are filled and checked: a whole page would
// cost more than it finds.
const near = 64

// canaries returns the bytes around the block that are checked.
func (b *Block) canaries() (before, behind []byte) {
	return b.page[max(0, b.start-near):b.start], b.page[b.start+len(b.mem):]
}

// damage returns the side of the block that was written to, or "" if neither was.
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

// poison fills released memory and new blocks. It reads as NaN, as a float64 and in
// each half as a float32, and as a conspicuous integer.
const poison = 0x7FF4DEAD7FF4DEAD

// Poison overwrites mem with the poison.
func Poison(mem []byte) {
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], poison)
	for done := copy(mem, word[:]); done < len(mem); done *= 2 {
		copy(mem[done:], mem[:done])
	}
}
