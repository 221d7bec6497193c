package offheap

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrUnsupported: this package cannot map memory on this operating system.
	// It matches errors.ErrUnsupported too.
	ErrUnsupported = fmt.Errorf("offheap: cannot map memory on this system: %w", errors.ErrUnsupported)
	// ErrClosed: the heap was closed.
	ErrClosed = errors.New("offheap: heap is closed")
	// ErrLeak is matched by every [LeakError].
	ErrLeak = errors.New("offheap: leak")
	// ErrDoubleFree: the block was freed before.
	ErrDoubleFree = errors.New("offheap: double free")
	// ErrInterior: the address is in a block, but not its beginning.
	ErrInterior = errors.New("offheap: free of an address inside a block")
	// ErrUnknown: no block is known that begins at the address.
	ErrUnknown = errors.New("offheap: free of an unknown address")
)

// A FreeError says what was wrong with a free, and every place that matters.
type FreeError struct {
	Kind  error     // [ErrDoubleFree], [ErrInterior] or [ErrUnknown]
	Addr  uintptr   // what was freed
	Block BlockInfo // the block it is, or lies in; zero if there is none
	Freed []uintptr // where Block was freed before, as from runtime.Callers; nil if it is live
	Again []uintptr // where it was freed now
}

// Error tells the block and all stacks, in several lines.
func (e *FreeError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v: %#x", e.Kind, e.Addr)
	if e.Block.Addr != 0 {
		fmt.Fprintf(&s, ", of a block of %d bytes at %#x labelled %q\nallocated at:\n%s",
			e.Block.Size, e.Block.Addr, e.Block.Label, stackText(e.Block.Stack))
	}
	if e.Freed != nil {
		fmt.Fprintf(&s, "\nfreed at:\n%s", stackText(e.Freed))
	}
	fmt.Fprintf(&s, "\nthis free:\n%s", stackText(e.Again))
	return s.String()
}

// Unwrap lets errors.Is match the kind.
func (e *FreeError) Unwrap() error { return e.Kind }

// A LeakError says which block was not freed by its owner.
type LeakError struct {
	Block BlockInfo
	How   string // what became of its owner, in words
}

// Error tells the block and where it was allocated, in several lines.
func (e *LeakError) Error() string {
	return fmt.Sprintf("%v: %d bytes labelled %q: %s\nallocated at:\n%s",
		ErrLeak, e.Block.Size, e.Block.Label, e.How, stackText(e.Block.Stack))
}

// Unwrap lets errors.Is match [ErrLeak].
func (e *LeakError) Unwrap() error { return ErrLeak }

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "offheap: " + fmt.Sprintf(format, args...)
}
