package replay

import "github.com/allocarrays/allocarrays-go/scope/memory"

// A level is what the buffer records of one level of scope.
type level struct {
	key   key
	known finder
	stamp memory.Stamp
	first block // the head of the ring of its live blocks
	begun bool  // something was allocated since it was opened
	start int   // the number of its first birth in the log; -1 if it is not recorded

	// Steps of the run that follows: the first in this level, and those counted in bump.
	from, counted int

	// What bumping would hold: now, when the level began, and the most since.
	bump, bumpAt, bumpMost int

	running bool
	run     run
}

// open makes l ready for another scope.
func (l *level) open(s memory.Stamp, start, bump int) {
	l.key, l.stamp = key{}, s
	l.first.prev, l.first.next = &l.first, &l.first
	l.begun = false
	l.start = start
	l.bump, l.bumpAt, l.bumpMost = bump, bump, bump
}

// add adds a block to the ring.
func (l *level) add(k *block) {
	k.prev, k.next = &l.first, l.first.next
	k.next.prev = k
	l.first.next = k
}
