package pages

import "math/bits"

// Spans come in classes: of 1, 2, 3, 4, 6, 8, 12, 16 … pages.
const classes = 2 * bits.UintSize

// classOf returns the class of spans that have n pages, or at most half as many
// more.
func classOf(n int) int {
	k := bits.Len(uint(n - 1))
	if k >= 2 && n <= 3<<(k-2) {
		return 2*k - 1
	}
	return 2 * k
}

// pagesOf returns how many pages the spans of a class have.
func pagesOf(class int) int {
	if class%2 == 1 {
		return 3 << (class/2 - 1)
	}
	return 1 << (class / 2)
}

// queue holds the released spans of a class, oldest first.
type queue struct {
	list []*span
	head int
}

func (q *queue) push(s *span) { q.list = append(q.list, s) }

// pop returns the oldest span, nil if there is none.
func (q *queue) pop() *span {
	if q.head == len(q.list) {
		return nil
	}
	s := q.list[q.head]
	q.head++
	if 2*q.head > len(q.list) {
		q.list = q.list[:copy(q.list, q.list[q.head:])]
		q.head = 0
	}
	return s
}

// pageRange is some pages side by side.
type pageRange struct{ first, pages int }

func (r pageRange) has(page int) bool { return page >= r.first && page < r.first+r.pages }

// join adds other to r if they touch, and reports whether they do.
func (r *pageRange) join(other pageRange) bool {
	switch {
	case other.first == r.first+r.pages:
	case other.first+other.pages == r.first:
		r.first = other.first
	default:
		return false
	}
	r.pages += other.pages
	return true
}
