package trial

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// A trace is a program as it ran, in statements.
type trace struct {
	on    bool
	lines []string
	ends  []string // how the blocks end that are open
	mute  int      // loops beyond their first round
}

// add adds a statement.
func (t *trace) add(format string, args ...any) {
	if t.on && t.mute == 0 {
		t.lines = append(t.lines, strings.Repeat("\t", len(t.ends))+fmt.Sprintf(format, args...))
	}
}

// note adds a comment to the last statement.
func (t *trace) note(format string, args ...any) {
	if t.on && t.mute == 0 && len(t.lines) > 0 {
		t.lines[len(t.lines)-1] += " // " + fmt.Sprintf(format, args...)
	}
}

// open adds a statement that begins a block, which ends by end.
func (t *trace) open(end, format string, args ...any) {
	t.add(format, args...)
	if t.on && t.mute == 0 {
		t.ends = append(t.ends, end)
	}
}

// close ends the innermost block.
func (t *trace) close() {
	if last := len(t.ends) - 1; last >= 0 && t.mute == 0 {
		end := t.ends[last]
		t.ends = t.ends[:last]
		t.add("%s", end)
	}
}

// text returns the statements.
func (t *trace) text() string { return strings.Join(t.lines, "\n") }

// A name is a name in a program, which is written out only if somebody reads it.
type name struct {
	kind   string
	number int
}

func (n name) String() string { return fmt.Sprint(n.kind, n.number) }

// A count is a number of bytes, written so that a reader recognises an absurd one.
type count uintptr

func (c count) String() string {
	switch n := uintptr(c); {
	case n < 1<<28:
		return strconv.FormatUint(uint64(n), 10)
	case n&(n-1) == 0:
		return fmt.Sprintf("1<<%d", bits.TrailingZeros64(uint64(n)))
	case n == math.MaxUint:
		return "math.MaxUint"
	case n == math.MaxInt:
		return "math.MaxInt"
	case n > math.MaxUint-1<<16:
		return fmt.Sprintf("math.MaxUint-%d", uint64(math.MaxUint-n))
	case n < math.MaxInt && n > math.MaxInt-1<<16:
		return fmt.Sprintf("math.MaxInt-%d", uint64(math.MaxInt-n))
	default:
		return fmt.Sprintf("%#x", uint64(n))
	}
}
