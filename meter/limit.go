package meter

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
)

// A Limit bounds how many bytes are held at the same time by those who are charged to it:
// the meters made [Within] it, the sources of [Source], and the limits below it. It is safe
// for concurrent use.
//
// It holds nothing once everything that was charged is released; a limit that is not used
// any more need not be closed.
type Limit struct {
	parent  *Limit
	name    string
	bytes   int // 0 means that it only counts
	refuser handshake.Refuser

	mu       sync.Mutex // taken before the parent's
	used     int        // charged, or reserved by limits below
	reserved int        // of the parent: used, and slack
	peak     int
	refused  uint64
	children *Limit // those that have reserved something

	blocks blocks // that are charged one by one

	listed     bool // in the parent's children; under its lock, as the links are
	prev, next *Limit
}

// NewLimit returns a limit of so many bytes below parent, which is nil for the topmost. The
// name is for errors: "process", "tenant 7", "request". With 0 bytes it bounds nothing, and
// counts. NewLimit panics if bytes is negative.
func NewLimit(parent *Limit, name string, bytes int) *Limit {
	if bytes < 0 {
		panic(fmt.Sprintf("meter: NewLimit %q of %d bytes: negative", name, bytes))
	}
	l := &Limit{parent: parent, name: name, bytes: bytes}
	l.blocks.limit = l
	return l
}

// Name returns the name.
func (l *Limit) Name() string { return l.name }

// Parent returns the limit above, or nil.
func (l *Limit) Parent() *Limit { return l.parent }

// LimitStats tells how a [Limit] is used. Sizes are in bytes.
type LimitStats struct {
	Bytes   int    // the limit; 0 means none
	Used    int    // charged now, by the limits below too
	Peak    int    // the largest Used so far, with what limits below had reserved
	Refused uint64 // allocations that it refused, and storage that a Source asked for
}

// Stats tells how l is used. The numbers are exact when nothing is charged meanwhile.
func (l *Limit) Stats() LimitStats {
	l.settle()
	l.mu.Lock()
	defer l.mu.Unlock()
	return LimitStats{Bytes: l.bytes, Used: l.used, Peak: l.peak, Refused: l.refused}
}

// String tells the numbers in one line.
func (l *Limit) String() string {
	s := l.Stats()
	return fmt.Sprintf("limit %q: %d of %d bytes used, peak %d, %d refused", l.name, s.Used, s.Bytes, s.Peak, s.Refused)
}

// below reports whether l is other, or below it.
func (l *Limit) below(other *Limit) bool {
	for ; l != nil; l = l.parent {
		if l == other {
			return true
		}
	}
	return false
}

// charge counts least bytes, or more up to most by multiples of 64, and some to spare, and
// returns how many; or the refusal of l or a limit above, and nothing has changed.
func (l *Limit) charge(least, most, spare int) (int, *LimitError) {
	const enough = 8 // rounds, while others reserve what was just taken back
	for round := 1; ; round++ {
		granted, refusal := l.take(nil, least, most, spare)
		if refusal == nil {
			return granted, nil
		}
		by := refusal.Limit
		by.settle()
		by.mu.Lock()
		fits := refusal.Requested <= by.room()
		if !fits || round == enough {
			refusal.Used = max(by.used, by.bytes-refusal.Requested+1) // as it was refused
			by.mu.Unlock()
			return 0, refusal
		}
		by.mu.Unlock()
	}
}

// countRefusal counts a refusal that was final, once.
func countRefusal(err error) {
	if e, ok := errors.AsType[*LimitError](err); ok && !e.counted {
		e.counted = true
		e.Limit.mu.Lock()
		e.Limit.refused++
		e.Limit.mu.Unlock()
	}
}

// discharge takes back n bytes.
func (l *Limit) discharge(n int) {
	l.give(nil, n, false)
	for ; l != nil; l = l.parent {
		l.refuser.Freed()
	}
}

// take is charge, for a limit below unless that is nil. What is to spare is granted only
// while half of the limit is left.
func (l *Limit) take(child *Limit, least, most, spare int) (int, *LimitError) {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.room()
	if least > room {
		return 0, &LimitError{Limit: l, Requested: least, Used: l.used, Bytes: l.bytes}
	}
	grant := least + (min(most, room)-least)&^63
	if room-grant-spare >= l.bytes/2 {
		grant += spare
	}
	if l.parent != nil {
		if short := l.used + least - l.reserved; short > 0 {
			want := l.used + grant
			got, refusal := l.parent.take(l, short, max(want-l.reserved, short), slackOf(want))
			if refusal != nil {
				return 0, refusal
			}
			l.reserved += got
		}
		grant = least + (min(grant, l.reserved-l.used)-least)&^63
	}
	l.used += grant
	l.peak = max(l.peak, l.used)
	if child != nil {
		l.list(child)
	}
	return grant, nil
}

// give takes back n bytes from a limit below, which has nothing left if gone, or of a charge.
func (l *Limit) give(child *Limit, n int, gone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used -= n
	if gone {
		l.unlist(child)
	}
	keep := slackOf(l.used)
	if l.used > 0 && l.reserved-l.used <= 2*keep {
		return
	}
	l.giveSlack(keep)
}

// giveSlack gives back what l has reserved beyond what is used and so many bytes. l.mu is
// held.
func (l *Limit) giveSlack(keep int) {
	if back := l.reserved - l.used - keep; l.parent != nil && back > 0 {
		l.reserved -= back
		l.parent.give(l, back, l.reserved == 0)
	}
}

// settle takes back all slack of the limits below, and what scopes that have ended were
// charged block by block.
func (l *Limit) settle() {
	l.blocks.sweep()
	l.mu.Lock()
	var children []*Limit
	for c := l.children; c != nil; c = c.next {
		children = append(children, c)
	}
	l.mu.Unlock()
	for _, c := range children {
		c.settle()
		c.mu.Lock()
		c.giveSlack(0)
		c.mu.Unlock()
	}
}

// slackOf returns how much a limit that uses n bytes reserves beyond.
func slackOf(n int) int { return min(n, 64<<10) &^ 63 }

// room returns how many bytes more may be charged. l.mu is held.
func (l *Limit) room() int {
	if l.bytes == 0 {
		return math.MaxInt - max(l.used, 0)
	}
	return l.bytes - l.used
}

// list enters a limit into the list of those that have reserved something. l.mu is held.
func (l *Limit) list(c *Limit) {
	if c.listed {
		return
	}
	c.listed, c.next = true, l.children
	if c.next != nil {
		c.next.prev = c
	}
	l.children = c
}

// unlist takes it out. l.mu is held.
func (l *Limit) unlist(c *Limit) {
	if c.next != nil {
		c.next.prev = c.prev
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.children = c.next
	}
	c.listed, c.prev, c.next = false, nil, nil
}
