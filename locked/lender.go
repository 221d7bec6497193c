package locked

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// lender is the storage of a third party's buffer, which has no regions: it lends
// blocks, which are valid until the buffer is reset.
type lender struct {
	buf  bumper.Buffer
	lent int // what the buffer had handed out after the last Acquire, if all of it is lent
	mine bool
}

// lentPiece is the length in bytes of the pieces, if the buffer has that much.
const lentPiece = 256 << 10

// Acquire takes a block of size bytes, or more, up to lentPiece, if it can get it.
func (l *lender) Acquire(size int) (mem []byte, stamp memory.Stamp, err error) {
	if before := l.buf.Stats().Used; before == 0 || before != l.lent {
		l.mine = before == 0
	}
	defer func() { l.lent = l.buf.Stats().Used }()
	for n := max(size, lentPiece); ; n = max(size, n/2) {
		block, err := l.buf.Alloc(uintptr(n), granule)
		if mem = block.Bytes(); err == nil && (len(mem) < n || address(mem)%granule != 0) {
			return nil, stamp, fmt.Errorf("locked: %T broke its contract: %d bytes for %d at %#x", l.buf, len(mem), n, address(mem))
		}
		if err == nil || n == size {
			return mem, block.Stamp, err
		}
	}
}

// Release does nothing: a bump buffer takes everything back at once.
func (l *lender) Release([]byte) {}

// alone reports whether the buffer has handed out nothing but what it lent here, so that
// a reset affects nobody else.
func (l *lender) alone() bool { return l.mine && l.buf.Stats().Used == l.lent }

func (l *lender) Room() int {
	s := l.buf.Stats()
	return max(s.Limit-s.Used, 0)
}

func (l *lender) Limit() int   { return l.buf.Stats().Limit }
func (l *lender) Held() int    { return l.lent }
func (l *lender) Prompt() bool { return false }
