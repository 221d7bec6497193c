package bumper

import (
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Buffer is an allocator that releases memory from the top, back to a checkpoint, or
// as a whole. A type of your own implements it by embedding [Levels].
//
// A Buffer is not safe for concurrent use, with one exception: while a parallel region
// of package locked uses it, Reset and Restore return an error that matches [ErrHeld]
// and change nothing.
type Buffer interface {
	// Package scope/memory describes these methods. The errors of Restore match
	// [ErrForeign], [ErrEnded], [ErrOutOfOrder] or [ErrHeld].
	memory.Checkpointer

	// Reset releases everything. While a checkpoint is open it returns an error
	// that matches [ErrOpenScope] and changes nothing, so that a running
	// scope.NoEscape keeps its memory.
	Reset() error

	// Stats returns how the buffer is used.
	Stats() Stats

	sharing() *handshake.Sharing // of the embedded Levels
}

func init() {
	handshake.SharingOf = func(a memory.Allocator) *handshake.Sharing {
		if b, ok := a.(interface{ sharing() *handshake.Sharing }); ok {
			return b.sharing()
		}
		return nil
	}
}

// Stats describes how a buffer is used. Sizes are in bytes and include what
// alignment and the ends of slabs waste.
type Stats struct {
	Used        int    // handed out and not released
	Outside     int    // of that, allocated outside every scope and held until Reset
	Capacity    int    // taken from the source; for an AllocBuffer, its size
	HighWater   int    // the largest Used so far
	Limit       int    // the most Capacity may become; 0 means no limit
	Slabs       int    // pieces of storage held
	Allocations uint64 // blocks handed out since the buffer was made
	Resets      uint64 // successful calls of Reset
}

// String returns the numbers in one line.
func (s Stats) String() string {
	percent := 0.0
	if s.Capacity > 0 {
		percent = 100 * float64(s.Used) / float64(s.Capacity)
	}
	outside := ""
	if s.Outside > 0 {
		outside = bytes(s.Outside) + " of them outside every scope, "
	}
	return fmt.Sprintf("%s of %s used (%.0f%%), %shigh water %s, %d slabs, %d allocations, %d resets",
		bytes(s.Used), bytes(s.Capacity), percent, outside, bytes(s.HighWater), s.Slabs, s.Allocations, s.Resets)
}

// bytes formats a size with a binary unit.
func bytes(n int) string {
	const units = "KMGT"
	f, u := float64(n), -1
	for f >= 1024 && u < len(units)-1 {
		f, u = f/1024, u+1
	}
	if u < 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %ciB", f, units[u])
}

// Errors of Restore and Reset, which change nothing when they return one.
var (
	// ErrForeign: the checkpoint belongs to another buffer, or to none.
	ErrForeign = errors.New("bumper: checkpoint is not of this buffer")
	// ErrEnded: the checkpoint was restored before.
	ErrEnded = errors.New("bumper: checkpoint was restored before")
	// ErrOutOfOrder: a checkpoint that was taken later is still open.
	ErrOutOfOrder = errors.New("bumper: checkpoint restored out of order: a later one is still open")
	// ErrOpenScope: Reset while a checkpoint is open.
	ErrOpenScope = errors.New("bumper: reset while a scope is open")
	// ErrHeld: Reset or Restore while a parallel region uses the buffer.
	ErrHeld = errors.New("bumper: buffer is in use by a parallel region; reset it when the region has ended")
)

// ErrClosed: the buffer is closed. It is also the cause in the error of an allocation
// from a closed buffer.
var ErrClosed = errors.New("bumper: buffer is closed")

// exhausted returns the error of a buffer that cannot supply size bytes. If another
// buffer supplies its storage, the numbers are that one's.
func exhausted(buffer string, size uintptr, available, limit, outside int, cause error) error {
	var behind *scope.ExhaustedError
	if errors.As(cause, &behind) {
		available, limit = max(available, int(behind.Available)), int(behind.Limit)
	}
	return &scope.ExhaustedError{
		Allocator: buffer, Requested: size,
		Available: uintptr(max(available, 0)), Limit: uintptr(limit), Outside: uintptr(outside), Cause: cause,
	}
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "bumper: " + fmt.Sprintf(format, args...)
}
