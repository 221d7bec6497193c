package pages

import "sync/atomic"

// Modes of guarding.
const (
	Off int32 = iota
	Sample
	Full
)

// Mode is the mode in force.
var Mode atomic.Int32

// below is the bound that Chosen compares with.
var below atomic.Uint64

// On reports whether any scope may be guarded.
func On() bool { return Mode.Load() != Off }

// SetRate makes Sample choose one scope in n, which is positive.
func SetRate(n int) { below.Store(^uint64(0) / uint64(n)) }

// Chosen reports whether a scope is guarded in the mode in force. It chooses scopes by
// the numbers of their epoch and their generation, so that all blocks of a scope agree
// without a record, and buffers used for a single scope have their share. Two
// multiplications scatter them (the finalizer of splitmix64: Steele, Lea and Flood,
// OOPSLA 2014).
func Chosen(epoch, generation uint64) bool {
	if Mode.Load() != Sample {
		return On()
	}
	z := epoch<<32 + generation
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z^z>>31 <= below.Load()
}
