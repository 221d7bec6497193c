package progress

import (
	"io"
	"os"
	"strconv"
	"time"
)

const (
	width    = 30                     // of the bar, in characters
	interval = 100 * time.Millisecond // between two drawings
	erase    = "\r\x1b[K"             // ECMA-48: back to the first column, erase the line
)

// A Bar is a line that shows how far some work has come. It is not safe for
// concurrent use. Make one with [New].
type Bar struct {
	w     io.Writer
	label string
	total int
	drawn time.Time // when it was drawn last
	line  []byte    // reused by every drawing
	shown bool
}

// New returns the bar of work in total steps, of at least one. It is drawn on w if
// that is a terminal; otherwise all its methods do nothing.
func New(w io.Writer, label string, total int) *Bar {
	if !Terminal(w) {
		w = nil
	}
	return NewOn(w, label, total)
}

// NewOn is [New] for a writer that is known to be a terminal; nil means none.
func NewOn(w io.Writer, label string, total int) *Bar {
	return &Bar{w: w, label: label, total: max(total, 1), line: make([]byte, 0, 256)}
}

// Terminal reports whether w is a terminal. What it asks is whether w is a device of
// characters, which the null device is as well: drawing there does no harm.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Set tells that done steps are done, and a word about them. It draws at most ten
// times a second, and the first time.
func (b *Bar) Set(done int, note string) {
	if b.w == nil || b.shown && time.Since(b.drawn) < interval {
		return
	}
	b.drawn, b.shown = time.Now(), true
	b.compose(min(max(done, 0), b.total), note)
	b.w.Write(b.line) //nolint:errcheck // a bar that cannot be drawn is not missed
}

// compose makes the line: label [#####.....]  50 % note.
func (b *Bar) compose(done int, note string) {
	b.line = append(append(append(b.line[:0], erase...), b.label...), " ["...)
	filled := done * width / b.total
	for i := range width {
		b.line = append(b.line, ".#"[min(max(filled-i, 0), 1)])
	}
	b.line = append(b.line, "] "...)
	b.line = strconv.AppendInt(b.line, int64(done)*100/int64(b.total), 10)
	b.line = append(append(b.line, " % "...), note...)
}

// Close erases the bar, so that what is written next begins on an empty line.
func (b *Bar) Close() {
	if b.shown {
		io.WriteString(b.w, erase) //nolint:errcheck // as in Set
		b.shown = false
	}
}
