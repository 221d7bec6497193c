package guard

import "fmt"

// An OverrunError is the value of the panic that follows a write outside a guarded
// block: at once where it met an inaccessible page, else when the block's scope ended.
type OverrunError struct {
	What string // what was written, and where the block was allocated
}

// Error tells what was written and where the block was allocated.
func (e *OverrunError) Error() string { return "guard: " + e.What }

// A ConcurrentUseError is the value of the panic that follows the use of a buffer
// without a lock by two goroutines at the same time, in mode [Full].
type ConcurrentUseError struct {
	First, Second string // the two calls, with their stacks
}

// Error shows both calls.
func (e *ConcurrentUseError) Error() string {
	return fmt.Sprintf("guard: two goroutines use an unlocked buffer at once; use locked.WithLockedBumper: %sand %s", e.First, e.Second)
}
