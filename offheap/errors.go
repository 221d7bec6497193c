package offheap

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
)

var (
	// ErrUnsupported: this package cannot map memory on this operating system.
	// It matches errors.ErrUnsupported too.
	ErrUnsupported = fmt.Errorf("offheap: cannot map memory on this system: %w", errors.ErrUnsupported)
	// ErrClosed: the heap is closed.
	ErrClosed = errors.New("offheap: heap is closed")
	// ErrLeak is matched by every [LeakError].
	ErrLeak = errors.New("offheap: leak")
	// ErrDoubleFree: the block was freed before.
	ErrDoubleFree = errors.New("offheap: double free")
	// ErrInterior: the address lies in a block, but the block does not begin there.
	ErrInterior = errors.New("offheap: free of an address inside a block")
	// ErrNotOwner: the block belongs to a buffer, a workspace or another caller, who frees
	// it in a way of its own.
	ErrNotOwner = errors.New("offheap: free of memory that belongs to another owner")
	// ErrUnknown: no known block begins at the address.
	ErrUnknown = errors.New("offheap: free of an unknown address")
)

// errNotHeld: a part of memory was named that is not within one live block.
var errNotHeld = errors.New("not within a live block")

// A FreeError describes a free that was refused, with the stacks of all calls involved.
type FreeError struct {
	Kind  error     // [ErrDoubleFree], [ErrInterior], [ErrNotOwner] or [ErrUnknown]
	Addr  uintptr   // the address that was freed
	Block BlockInfo // the block that begins there or contains it; zero if there is none
	Freed []uintptr // where Block was freed before, as from runtime.Callers; nil if it is live
	Again []uintptr // where this free was called
}

// Error describes the block and all stacks, on several lines.
func (e *FreeError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v: %#x", e.Kind, e.Addr)
	if e.Block.Addr != 0 {
		fmt.Fprintf(&s, ", of a block of %d bytes at %#x labelled %q\nallocated at:\n%s",
			e.Block.Size, e.Block.Addr, e.Block.Label, callsite.Text(e.Block.Stack))
	}
	if e.Freed != nil {
		fmt.Fprintf(&s, "\nfreed at:\n%s", callsite.Text(e.Freed))
	}
	fmt.Fprintf(&s, "\nthis free:\n%s", callsite.Text(e.Again))
	return s.String()
}

// Unwrap returns the kind, for errors.Is.
func (e *FreeError) Unwrap() error { return e.Kind }

// A LeakError describes a block that its owner forgot, or held when the heap was closed.
type LeakError struct {
	Block BlockInfo
	How   string // how the leak was found, in words
}

// Error describes the block and where it was allocated, on several lines.
func (e *LeakError) Error() string {
	return fmt.Sprintf("%v: %d bytes labelled %q: %s\nallocated at:\n%s",
		ErrLeak, e.Block.Size, e.Block.Label, e.How, callsite.Text(e.Block.Stack))
}

// Unwrap returns [ErrLeak], for errors.Is.
func (e *LeakError) Unwrap() error { return ErrLeak }

// forgotten describes a leak that a cleanup has found.
func forgotten(where string) string { return "the owner made at " + where + " was forgotten" }

// keptFaults bounds how many faults are kept; the others are counted. A leak in a loop
// would otherwise be one more leak.
const keptFaults = 64

// faults collects the errors of calls that return none, or whose caller may not have
// looked.
type faults struct {
	report func(error) // may be nil

	mu   sync.Mutex
	kept []error
	more int
}

// add records err and reports it. It holds no lock while it reports.
func (f *faults) add(err error) {
	f.mu.Lock()
	if len(f.kept) < keptFaults {
		f.kept = append(f.kept, err)
	} else {
		f.more++
	}
	f.mu.Unlock()
	if f.report != nil {
		f.report(err)
	}
}

// err returns all recorded errors, joined, or nil.
func (f *faults) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := errors.Join(f.kept...)
	if f.more > 0 {
		all = errors.Join(all, fmt.Errorf("offheap: and %d more errors", f.more))
	}
	return all
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "offheap: " + fmt.Sprintf(format, args...)
}
