package trial

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Extend lengthens the i-th live block to size bytes with e, if e does not refuse, and
// checks what it returns.
func (l *Ledger) Extend(e memory.Extender, i int, size uintptr) bool {
	entry := l.live[i]
	old := entry.block.Bytes()
	longer, ok := e.Extend(entry.block, size)
	if !ok {
		Require(longer == entry.block, Extends, "a refused Extend returns another block")
		l.Verify()
		return false
	}
	from, _ := span(old)
	begin, _ := span(longer.Bytes())
	Require(from == begin && len(old) > 0, Extends, "%s began at %#x and begins at %#x", entry.name(), from, begin)
	Require(size >= uintptr(len(old)), Extends, "%s of %d bytes became %s bytes long", entry.name(), len(old), count(size))
	Require(longer.Stamp == entry.block.Stamp, Extends, "%s has another stamp", entry.name())
	l.live = slices.Delete(l.live, i, i+1)
	entry.block = longer
	if v := find(func() { l.inspect(entry, size, entry.align) }); v != nil {
		Require(false, Extends, "after Extend, %s", v.Message)
	}
	Require(string(longer.Bytes()[:len(entry.want)]) == string(entry.want), Extends, "Extend changed %s", entry.name())
	entry.want = make([]byte, size)
	l.live = append(l.live, entry)
	l.Write(len(l.live) - 1)
	l.Verify()
	return true
}
