package bumper

import "github.com/allocarrays/allocarrays-go/scope"

// A Buffer is an allocator whose memory is released from the top: back to a
// checkpoint, or as a whole.
//
// A Buffer is not safe for concurrent use, except for [Sharing] and for calls of
// Reset and Restore while the buffer is held (see [Sharing.Hold]): these are
// refused with an error that matches [ErrHeld] and change nothing.
type Buffer interface {
	// Alloc and Checkpoint are as in package scope. Restore returns an error
	// that matches [ErrForeign], [ErrEnded], [ErrOutOfOrder] or [ErrHeld].
	scope.Checkpointer

	// Reset releases everything. A buffer with an open checkpoint refuses with
	// an error that matches [ErrOpenScope], so that the memory of a running
	// [scope.NoEscape] is never pulled away.
	Reset() error

	// Stats tells how the buffer is used.
	Stats() Stats

	// Sharing returns what goroutines share that use the buffer together. It
	// is for package locked and for buffers that wrap others.
	Sharing() *Sharing
}
