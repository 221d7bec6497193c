package meter

import (
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

var (
	_ memory.Releaser     = (*Meter)(nil)
	_ handshake.Releasing = (*plain)(nil)
)

// Release ends one block before its scope does, and discharges it: see [memory.Releaser]. It
// returns false, and changes nothing, if the allocator that m is around takes no blocks back, or
// not this one.
func (m *Meter) Release(mem []byte, s memory.Stamp) bool {
	r, able := memory.ReleaserOf(m.inner)
	if !able || !r.Release(mem, s) {
		return false
	}
	if m.limit != nil {
		m.limit.blocks.release(s)
	}
	m.levels.release(s)
	return true
}

// Releaser returns what releases blocks of the scope and of those around it, if the allocator
// takes blocks back.
func (p *plain) Releaser(g handshake.Generation) memory.Releaser {
	if _, able := memory.ReleaserOf(p.m.inner); !able || !p.IsOpen(g) {
		return nil
	}
	return plainReleaser{p.m, p}
}

// plainReleaser releases blocks of a plain.
type plainReleaser struct {
	*Meter
	p *plain
}

func (r plainReleaser) Release(mem []byte, s memory.Stamp) bool {
	if !r.Meter.Release(mem, s) {
		return false
	}
	for p := r.p; p != nil && !p.discharged(s); {
		p = p.around
	}
	return true
}

// discharged discharges a block that was released, and reports whether it was one of p.
func (p *plain) discharged(s memory.Stamp) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.single[s]
	if n > 0 {
		p.drop(s, n)
	}
	return n > 0
}

// drop discharges a block. p.mu is held.
func (p *plain) drop(s memory.Stamp, n int) {
	delete(p.single, s)
	p.charged -= n
	p.blocks--
	p.account.Discharge(n)
}

// sweep discharges what the allocator was told to release by others, here and in the scopes around, and
// reports whether there was anything. p.mu is held; those of the scopes around are taken after it.
func (p *plain) sweep() (found bool) {
	for s, n := range p.single {
		if !s.Live() {
			p.drop(s, n)
			found = true
		}
	}
	if p.around == nil {
		return found
	}
	p.around.mu.Lock()
	defer p.around.mu.Unlock()
	return p.around.sweep() || found
}
