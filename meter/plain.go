package meter

import (
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// plain is a scope of an allocator that has none, as the Go heap: its blocks are charged one
// by one, and discharged together when it ends.
type plain struct {
	m         *Meter
	account   handshake.Account
	inherited bool // account is that of the scope around
	mark      mark
	attached  atomic.Value // of package scope

	mu      sync.Mutex
	open    bool
	over    bool
	charged int // bytes, with what Reserve has left
	left    int // of what Reserve has charged
	blocks  int

	around *plain               // the scope around, or nil
	single map[memory.Stamp]int // the bytes of blocks that can be released
}

var (
	_ handshake.Region = (*plain)(nil)
	_ keeper           = (*plain)(nil)
)

// plainGeneration is the generation of every plain, which is used once.
const plainGeneration = 1

func newPlain(m *Meter, a handshake.Account, inherited bool, parent *mark) *plain {
	return &plain{m: m, account: a, inherited: inherited, open: true, mark: mark{t: m.core.trace, parent: parent, open: true}}
}

func (p *plain) AllocIn(g handshake.Generation, size, align uintptr) (memory.Block, error) {
	if !p.IsOpen(g) {
		return scope.Heap().Alloc(size, align)
	}
	return p.m.alloc(p, p, &p.mark, size, align)
}

// Charge takes what Reserve has left, and charges the rest.
func (p *plain) Charge(least, _, _ int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fromLeft := min(p.left, least)
	if rest := least - fromLeft; rest > 0 {
		_, err := p.account.Charge(rest, rest, 0)
		if err != nil && p.sweep() {
			_, err = p.account.Charge(rest, rest, 0)
		}
		if err != nil {
			return 0, err
		}
		p.charged += rest
	}
	p.left -= fromLeft
	return least, nil
}

// Discharge takes back the charge of a block that was not to be had.
func (p *plain) Discharge(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open { // or else close has
		p.charged -= n
		p.account.Discharge(n)
	}
}

func (p *plain) Exhausted(size, align uintptr, attempt int, err error) (memory.Block, bool, error) {
	return p.account.Exhausted(size, align, attempt, err)
}

func (p *plain) keep(b memory.Block, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blocks++; !p.open {
		p.close() // it has ended meanwhile
		return
	}
	if n > 0 && b.Stamp.Releasable() {
		if p.single == nil {
			p.single = map[memory.Stamp]int{}
		}
		p.single[b.Stamp] = n
	}
}

// close discharges everything. p.mu is held.
func (p *plain) close() {
	p.account.Discharge(p.charged)
	p.charged, p.left, p.blocks, p.open, p.single = 0, 0, 0, false, nil
}

func (p *plain) OpenSub(g handshake.Generation, a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	switch {
	case !p.IsOpen(g):
		return nil, 0, false
	case a == nil:
		sub := newPlain(p.m, p.account, true, &p.mark)
		sub.around = p
		return sub, plainGeneration, true
	}
	sub := newPlain(p.m, a.Join(p.account, true), false, &p.mark)
	sub.around = p
	return sub, plainGeneration, true
}

func (p *plain) Reopen(handshake.Generation) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.open {
		return false
	}
	p.open = true
	p.mark.start()
	return true
}

func (p *plain) Close(handshake.Generation, uintptr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		p.close()
		p.mark.end(true)
	}
}

func (p *plain) Release(handshake.Generation) {
	p.mu.Lock()
	was := p.over
	p.over = true
	p.close()
	p.mark.end(false)
	p.mu.Unlock()
	if !was && !p.inherited {
		p.account.Leave()
	}
}

// Reserve charges n bytes in advance.
func (p *plain) Reserve(_ handshake.Generation, n int) (*handshake.Refuser, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if more := n - p.left; p.open && more > 0 {
		if _, err := p.account.Charge(more, more, 0); err != nil {
			return handshake.RefuserOf(err), err
		}
		p.charged += more
		p.left += more
	}
	return nil, nil
}

func (p *plain) Holding(handshake.Generation) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocks > 0
}

func (p *plain) Living(handshake.Generation) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.over
}

func (p *plain) Home() memory.Allocator { return (*opener)(p.m) }

func (p *plain) Attached() *atomic.Value { return &p.attached }

// ExtendIn lengthens no block.
func (p *plain) ExtendIn(_ handshake.Generation, b memory.Block, _ uintptr) (memory.Block, bool) {
	return b, false
}

func (p *plain) IsOpen(handshake.Generation) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

func (p *plain) Under(_ handshake.Generation, r *handshake.Refuser) bool { return p.account.Under(r) }
