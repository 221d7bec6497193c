package guard

import "fmt"

// An OverrunError is the value of a panic about an access outside a guarded block: at
// once on an inaccessible page; otherwise, for a write, at the end of the block's scope.
type OverrunError struct {
	What string // what was accessed, and where the block was allocated
}

// Error says what was accessed and where the block was allocated.
func (e *OverrunError) Error() string { return "guard: " + e.What }

// A ConcurrentUseError is the value of a panic about two goroutines that use an unlocked
// buffer at the same time, in mode [Full].
type ConcurrentUseError struct {
	First, Second string // the two calls, with their stacks
}

// Error returns both calls.
func (e *ConcurrentUseError) Error() string {
	return fmt.Sprintf("guard: two goroutines use an unlocked buffer at once; use locked.WithLockedBumper: %sand %s", e.First, e.Second)
}
