package replay

// The free spans of a heap are a treap (Seidel and Aragon, Algorithmica 1996): a search
// tree by length, then address, and a heap by random priorities, so that it is balanced
// whatever the program does.

// before reports whether s comes before t in the tree.
func (s *span) before(t *span) bool {
	if s.len != t.len {
		return s.len < t.len
	}
	if s.piece != t.piece {
		return address(s.piece.mem) < address(t.piece.mem)
	}
	return s.off < t.off
}

// fit returns the smallest free span of at least n granules, of equal ones that with the
// lowest address; nil if there is none.
func (h *heap) fit(n int) (best *span) {
	for s := h.free; s != nil; {
		if s.len < n {
			s = s.right
		} else {
			best, s = s, s.left
		}
	}
	return best
}

// put makes s free.
func (h *heap) put(s *span) {
	h.seed ^= h.seed << 13
	h.seed ^= h.seed >> 17
	h.seed ^= h.seed << 5
	s.free, s.priority = true, h.seed
	at := &h.free
	for *at != nil && (*at).priority >= s.priority {
		if s.before(*at) {
			at = &(*at).left
		} else {
			at = &(*at).right
		}
	}
	s.left, s.right = (*at).divide(s)
	*at = s
}

// divide divides the tree t into what comes before s and what comes after.
func (t *span) divide(s *span) (before, after *span) {
	l, r := &before, &after
	for t != nil {
		if t.before(s) {
			*l = t
			l = &t.right
			t = t.right
		} else {
			*r = t
			r = &t.left
			t = t.left
		}
	}
	*l, *r = nil, nil
	return before, after
}

// cut removes s, which is free, from the tree.
func (h *heap) cut(s *span) {
	at := &h.free
	for *at != s {
		if s.before(*at) {
			at = &(*at).left
		} else {
			at = &(*at).right
		}
	}
	l, r := s.left, s.right
	for l != nil && r != nil {
		if l.priority >= r.priority {
			*at, at = l, &l.right
			l = l.right
		} else {
			*at, at = r, &r.left
			r = r.left
		}
	}
	if l == nil {
		l = r
	}
	*at = l
	s.left, s.right, s.free = nil, nil, false
}
