package offheap

// history remembers the blocks that were freed last.
type history struct {
	limit int
	ring  []*block // until it has limit entries, it grows
	next  int      // the oldest, once it has
}

// push remembers b and returns the block that is forgotten for it, or nil.
func (h *history) push(b *block) (forgotten *block) {
	if h.limit == 0 {
		return b
	}
	if len(h.ring) < h.limit {
		h.ring = append(h.ring, b)
		return nil
	}
	forgotten, h.ring[h.next] = h.ring[h.next], b
	h.next = (h.next + 1) % h.limit
	return forgotten
}

// find returns the block freed last for which match holds, or nil.
func (h *history) find(match func(*block) bool) *block {
	for i := range h.ring {
		b := h.ring[(h.next+len(h.ring)-1-i)%len(h.ring)]
		if match(b) {
			return b
		}
	}
	return nil
}
