package scope

import (
	"errors"
	"fmt"
)

// ErrExhausted means that an allocator cannot supply the requested memory. Every
// such error matches it with errors.Is.
var ErrExhausted = errors.New("out of memory")

// ErrStale means that memory was used after its scope had ended. The value of every
// such panic matches it with errors.Is.
var ErrStale = errors.New("used after its scope ended")

// An ExhaustedError reports a request that an allocator could not satisfy. All
// sizes are in bytes.
type ExhaustedError struct {
	Allocator string  // the type of the allocator, as in "bumper.AllocBuffer"
	Requested uintptr // the size of the request; the largest uintptr if it overflows
	Available uintptr // the most it can supply in one piece, without padding for alignment
	Idle      uintptr // the most it can supply in all, if that is in several pieces
	Limit     uintptr // the most the allocator may hold; 0 means no limit of its own
	Outside   uintptr // allocated outside every scope, and held until Reset
	Cause     error   // the error of the storage behind the allocator, or nil
}

// Error returns the numbers in one line.
func (e *ExhaustedError) Error() string {
	s := fmt.Sprintf("%s: out of memory: %d bytes requested, %d available", e.Allocator, e.Requested, e.Available)
	if e.Idle > e.Available {
		s += fmt.Sprintf(" in one piece (%d in all)", e.Idle)
	}
	s += fmt.Sprintf(", limit %d", e.Limit)
	if e.Outside > 0 {
		s += fmt.Sprintf("; %d bytes allocated outside every scope stay until Reset", e.Outside)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap lets errors.Is match [ErrExhausted] and the cause.
func (e *ExhaustedError) Unwrap() []error {
	if e.Cause == nil {
		return []error{ErrExhausted}
	}
	return []error{ErrExhausted, e.Cause}
}
