package bumper

import (
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Errors of Restore and Reset. All of them mean that nothing has changed.
var (
	// ErrForeign: the checkpoint is of another buffer, or of none.
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

// exhausted returns the error of a buffer that has not got size bytes. If the storage
// is another buffer's, as in a private region, the numbers are that one's.
func exhausted(buffer string, size uintptr, available, limit int, cause error) error {
	var behind *scope.ExhaustedError
	if errors.As(cause, &behind) {
		available, limit = max(available, int(behind.Available)), int(behind.Limit)
	}
	return &scope.ExhaustedError{
		Allocator: buffer, Requested: size,
		Available: uintptr(max(available, 0)), Limit: uintptr(limit), Cause: cause,
	}
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "bumper: " + fmt.Sprintf(format, args...)
}
