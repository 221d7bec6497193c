// Package spare keeps what a computation needs on the Go heap for the next one.
package spare

import "sync"

// A List has values for reuse: as many as were in use at once, and no more. A sync.Pool would let the
// garbage collector have them, and make others. The zero value is an empty list, and goroutines may use
// one at the same time.
type List[T any] struct {
	mu   sync.Mutex
	free []*T
}

// Take returns a zero T that nobody else has: one that was put back, or a new one.
func (l *List[T]) Take() *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.free) - 1
	if last < 0 {
		return new(T)
	}
	t := l.free[last]
	l.free = l.free[:last]
	return t
}

// Put takes t back, without what it refers to. Nobody may use it any more.
func (l *List[T]) Put(t *T) {
	var none T
	*t = none
	l.mu.Lock()
	l.free = append(l.free, t)
	l.mu.Unlock()
}
