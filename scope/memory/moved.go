package memory

// movedBit marks the stamp of an array that was handed to an operation. No epoch lasts so
// many generations.
const movedBit = 1 << 63

// Moved returns s marked as handed over, if it is that of a block that can be released,
// and s itself otherwise. A marked stamp is not live, so that whatever does not know of
// the mark refuses it.
func (s Stamp) Moved() Stamp {
	if s.Releasable() {
		s.generation |= movedBit
	}
	return s
}

// Unmoved returns s without the mark, and whether it had one.
func (s Stamp) Unmoved() (Stamp, bool) {
	moved := s.generation&movedBit != 0
	s.generation &^= movedBit
	return s, moved
}
