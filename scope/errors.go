package scope

import (
	"errors"
	"fmt"
)

// ErrExhausted is matched, by errors.Is, by every error that says an allocator
// cannot supply the requested memory.
var ErrExhausted = errors.New("out of memory")

// ErrStale is matched by the value of every panic about memory that was used
// after the scope it was born in had ended.
var ErrStale = errors.New("used after its scope ended")

// An ExhaustedError says what was asked of an allocator and what it had. All
// sizes are in bytes.
type ExhaustedError struct {
	Allocator string  // the type of the allocator, as in "bumper.AllocBuffer"
	Requested uintptr // what was asked for; the largest uintptr if the size overflows
	Available uintptr // what could be had in one piece, without padding for alignment
	Idle      uintptr // what is free in all, if that is in several pieces
	Limit     uintptr // what the allocator may hold in all; 0 means no limit of its own
	Outside   uintptr // what was allocated outside every scope and stays until Reset
	Cause     error   // why the storage behind it refused, if that was the reason
}

// Error tells the numbers in one line.
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

// A *StaleError is the value of the panic that follows a use of memory after the end
// of its scope; [NoEscape] and [Try] let it go on. It is a programming error: copy what
// must outlive the scope before the scope ends, or use it inside.
type StaleError struct {
	What string // what was used, as in "allocarray: At of a 3×4 float32 array"
	End  string // how its scope ended, from [Stamp.End], as in "ended at x.go:35 (main.f.func1)"
	Fix  string // what to do, as in "copy it with Heap() before the scope ends"
}

// Error tells what was used, where its scope ended and what to do.
func (e *StaleError) Error() string {
	return fmt.Sprintf("%s whose scope has %s; %s", e.What, e.End, e.Fix)
}

// Unwrap lets errors.Is match [ErrStale].
func (e *StaleError) Unwrap() error { return ErrStale }
