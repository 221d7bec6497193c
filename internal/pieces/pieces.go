// Package pieces divides computations among the helpers that a caller allows: see [scope.Helpers].
//
// Who computes decides how many workers it takes with [Workers], takes memory for so many ([Rooms]),
// and cuts the work with [Share]. Each element of a result is the same chain of operations in any
// piece, so that it has the same bits with any number of workers. A [Product] is a computation of this kind;
// package conv has others.
package pieces

import "github.com/allocarrays/allocarrays-go/scope"

// Worthwhile is from how many multiply-adds on a computation is divided: helpers take some microseconds to
// wake up, in which a core does a tenth of that.
const Worthwhile = 1 << 20

// Workers returns how many workers of h, which may be nil, should compute so many multiply-adds; 1 if they
// are few. It is a float because the product of three lengths may overflow.
func Workers(h scope.Helpers, multiplyAdds float64) int {
	if h == nil || multiplyAdds < Worthwhile {
		return 1
	}
	return h.Workers()
}

// Share returns which of so many units are in piece i of pieces, as equal as can be, also for
// workers who take neighbouring pieces.
func Share(i, pieces, units int) (from, to int) {
	at := func(i int) int { return int(uint64(i) * uint64(units) / uint64(pieces)) } // an int may be of 32 bits
	return at(i), at(i + 1)
}

// Ceil returns a/b, rounded up, of numbers that are not negative.
func Ceil(a, b int) int { return (a + b - 1) / b }

// Rooms are the memory of workers: that of worker 0, and that of the others, of so many elements each.
type Rooms[T any] struct {
	First, Others []T
	Each          int
}

// NewRooms divides memory among workers, of whom each gets so many elements.
func NewRooms[T any](memory []T, each int) Rooms[T] {
	return Rooms[T]{First: memory[:each], Others: memory[each:], Each: each}
}

// Of returns the memory of a worker.
func (r *Rooms[T]) Of(worker int) []T {
	if worker == 0 {
		return r.First
	}
	return r.Others[(worker-1)*r.Each:][:r.Each]
}
