package scope

import (
	"fmt"
	"sync/atomic"
)

// A *StaleError is the value of a panic about memory used after the end of its scope.
// It is a programming error, which [NoEscape] and [Try] pass on: copy what must outlive
// the scope before the scope ends, or use it inside.
type StaleError struct {
	What string // what was used, as in "allocarray: At of a 3×4 float32 array"
	End  string // how its scope ended, from [Stamp.End], as in "ended at x.go:35 (main.f.func1)"
	Fix  string // what to do, as in "copy it with Heap() before the scope ends"
}

// NewStaleError returns the error to panic with when memory with a stamp that is not live
// is used, and counts it in [StaleUses].
func NewStaleError(what string, s Stamp, fix string) *StaleError {
	return newStaleError(what, s.End(), fix)
}

func newStaleError(what, end, fix string) *StaleError {
	staleUses.Add(1)
	return &StaleError{What: what, End: end, Fix: fix}
}

var staleUses atomic.Uint64

// StaleUses returns how many uses of memory after the end of its scope were noticed in
// this process: how many errors [NewStaleError] has made, and those of guard mode. It counts
// them also if their panic was swallowed, as that of a handler which runs past its timeout
// is. A server exports it, and alerts when it grows.
func StaleUses() uint64 { return staleUses.Load() }

// Error says what was used, where its scope ended and what to do.
func (e *StaleError) Error() string {
	return fmt.Sprintf("%s whose scope has %s; %s", e.What, e.End, e.Fix)
}

// Unwrap lets errors.Is match [ErrStale].
func (e *StaleError) Unwrap() error { return ErrStale }
