package offheap

import (
	"errors"
	"fmt"
	"sync"
)

// keptFaults bounds how many faults are kept for the report; the others are
// counted. A leak in a loop would otherwise be one more leak.
const keptFaults = 64

// faults collects what went wrong where no caller could be told, or where the
// caller may not have looked.
type faults struct {
	report func(error) // may be nil

	mu   sync.Mutex
	kept []error
	more int
}

// add records err and reports it. No lock is held meanwhile: what report does is
// not known here.
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

// err returns all that was recorded, or nil.
func (f *faults) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := errors.Join(f.kept...)
	if f.more > 0 {
		all = errors.Join(all, fmt.Errorf("offheap: and %d errors more", f.more))
	}
	return all
}
