package allocarray

import (
	"math/rand/v2"
	"sync/atomic"
)

// The table of layouts holds the layouts used so far, up to a bound, so that an array
// of a shape seen before needs no new one. It has no locks: a layout found is only
// read, and one not found is put where nothing is, or in place of any other of its
// set. A set is searched whole, since the shapes of a program often meet in one; with
// 2,000 shapes in use almost all are found. What was taken out lives as long as the
// arrays that have it.
const (
	setBits = 10
	ways    = 8
)

// A set is one line of the cache on most processors.
type set [ways]atomic.Pointer[layout]

var table [1 << setBits]set

// rowMajor returns the layout of a new array of a shape.
func rowMajor(op string, shape []int) *layout {
	s := setOf(hash(uint64(len(shape)), shape))
	for i := range s {
		l := s[i].Load()
		if l == nil {
			break
		}
		if l.fresh && l.hasShape(shape) {
			return l
		}
	}
	return newRowMajor(op, shape, s)
}

// newRowMajor is rowMajor of a shape that was not found in its set.
//
//go:noinline
func newRowMajor(op string, shape []int, s *set) *layout {
	var x axes
	x.setShape(op, shape)
	return s.put(newLayout(&x))
}

// share returns a layout with the axes x.
func (x *axes) share() *layout {
	s := x.set()
	for i := range s {
		l := s[i].Load()
		if l == nil {
			break
		}
		if l.axes == *x {
			return l
		}
	}
	return s.put(newLayout(x))
}

// set returns the set for layouts with the axes x.
func (x *axes) set() *set {
	h := hash(uint64(x.rank), x.shape[:x.rank])
	if !x.isFresh() {
		h = hash(h, x.stride[:x.rank])
	}
	return setOf(h)
}

// hash continues a hash with numbers; its highest bits are the best. Each step multiplies
// by the odd number next to 2⁶⁴ divided by the golden ratio (Knuth, The Art of Computer
// Programming, volume 3, section 6.4) and brings the high half down, which the next
// product alone would leave where it is.
func hash(h uint64, numbers []int) uint64 {
	for _, n := range numbers {
		h = (h ^ uint64(n)) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	return h
}

func setOf(h uint64) *set { return &table[h>>(64-setBits)] }

// hasShape reports whether the lengths are those of shape.
func (x *axes) hasShape(shape []int) bool {
	if x.rank != len(shape) {
		return false
	}
	for i, d := range shape {
		if x.shape[i&(MaxRank-1)] != d { // i < rank ≤ MaxRank, a power of two
			return false
		}
	}
	return true
}

// put puts l into the set and returns it, or returns an equal layout that another
// goroutine has put there.
func (s *set) put(l *layout) *layout {
	for i := range s {
		if s[i].CompareAndSwap(nil, l) {
			return l
		}
		if m := s[i].Load(); m.axes == l.axes {
			return m
		}
	}
	s[rand.IntN(ways)].Store(l) // any: which was used last, nobody has written down
	return l
}

// withoutAxis returns the layout without the k-th axis. The first and the last are
// those of rows and columns.
func (l *layout) withoutAxis(k int) *layout {
	memo := &l.head
	if k > 0 {
		memo = &l.tail
		if k < l.rank-1 {
			rest := l.without(k)
			return rest.share()
		}
	}
	if m := memo.Load(); m != nil {
		return m
	}
	return l.findWithout(k, memo)
}

//go:noinline
func (l *layout) findWithout(k int, memo *atomic.Pointer[layout]) *layout {
	rest := l.without(k)
	m := rest.share()
	memo.CompareAndSwap(nil, m)
	return m
}

// transposed returns the layout with the axes in reverse order.
func (l *layout) transposed() *layout {
	if m := l.reversed.Load(); m != nil {
		return m
	}
	return l.findTransposed()
}

// findTransposed looks the layout up. Two layouts remember each other, or neither does:
// layouts that came and went could otherwise form a chain without end.
//
//go:noinline
func (l *layout) findTransposed() *layout {
	x := axes{rank: l.rank}
	for i := range l.rank {
		x.shape[i], x.stride[i] = l.shape[l.rank-1-i], l.stride[l.rank-1-i]
	}
	m := x.share()
	if m.reversed.Load() == nil {
		m.reversed.CompareAndSwap(nil, l)
	}
	if m.reversed.Load() == l {
		l.reversed.CompareAndSwap(nil, m)
	}
	return m
}
