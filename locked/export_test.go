package locked

import "github.com/allocarrays/allocarrays-go/scope/memory"

// Arena and Span let tests use an arena without a buffer.
type (
	Arena = arena
	Span  = span
)

func (a *arena) Add(mem []byte)                { a.add(mem, memory.Stamp{}) }
func (a *arena) Take(least, most int) *span    { return a.take(least, most) }
func (a *arena) Extend(s *span, l, m int) bool { return a.extend(s, l, m) }
func (a *arena) Shrink(s *span, n int) int     { return a.shrink(s, n) }
func (a *arena) Give(s *span)                  { a.give(s) }
func (a *arena) Largest() int                  { return a.largest() }
func (a *arena) Used() int                     { return a.used }
func (a *arena) Whole() int                    { return a.whole() }
func (a *arena) RetireDownTo(n int)            { a.retireDownTo(n) }
func (a *arena) Recall()                       { a.recall() }
func (a *arena) Retired() bool                 { return a.retired() }
func (s *span) Bytes() []byte                  { return s.bytes() }

// BinOf returns the bin for spans of n bytes.
func BinOf(n int) int { return binOf(n) }

// Spares returns how many regions wait for reuse.
func Spares(b *Buffer) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.spare)
}

// Armed reports whether a timer is to run.
func Armed(b *Buffer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.armed
}

// Look does what the timer does.
func Look(b *Buffer) { b.look() }

// Running returns how many helpers have not ended.
func Running(b *Buffer) int {
	c := b.crew.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running
}
