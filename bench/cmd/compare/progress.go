package main

import (
	"fmt"
	"os"
	"time"
)

// progress tells on a terminal what is being measured. Where standard error is not a
// terminal it says nothing.
type progress struct {
	shown       bool
	title       string
	done, total int
	start       time.Time
}

func newProgress(total int) *progress {
	info, err := os.Stderr.Stat()
	return &progress{shown: err == nil && info.Mode()&os.ModeCharDevice != 0, total: total, start: time.Now()}
}

// begin says that the next case begins.
func (p *progress) begin(title string) {
	p.done++
	p.title = title
	p.group("")
}

// group says what is measured within the case.
func (p *progress) group(name string) {
	if p.shown {
		elapsed := time.Since(p.start).Round(time.Second)
		fmt.Fprintf(os.Stderr, "\r\x1b[K[%d/%d, %v] %s %s", p.done, p.total, elapsed, p.title, name)
	}
}

// clear removes the line.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
