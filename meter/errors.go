package meter

import (
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A LimitError says which limit refused a charge, and its numbers in bytes. It is the
// cause in the *scope.ExhaustedError of the allocation that failed.
type LimitError struct {
	Limit     *Limit
	Requested int // the least that was to be charged, which is more than the limit had left
	Used      int // what was charged
	Bytes     int // the limit

	counted bool // in the limit's Stats
}

// Error tells the numbers in one line.
func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %q has %d of %d bytes in use", e.Limit.name, e.Used, e.Bytes)
}

// Unwrap lets errors.Is match scope.ErrExhausted.
func (e *LimitError) Unwrap() error { return scope.ErrExhausted }

// RefusedBy returns the limit that refused what err tells of, or nil if err tells of none.
func RefusedBy(err error) *Limit {
	if e, ok := errors.AsType[*LimitError](err); ok {
		return e.Limit
	}
	return nil
}

// ErrInjected is the cause of the errors of [Fail] and [FailRandomly].
var ErrInjected = errors.New("meter: failure injected")

// exhausted returns the error for an allocation of size bytes.
func (e *LimitError) exhausted(size uintptr) error {
	return &scope.ExhaustedError{
		Allocator: "meter.Limit", Requested: size,
		Available: uintptr(max(e.Bytes-e.Used, 0) &^ 63), Limit: uintptr(e.Bytes), Cause: e,
	}
}

func init() {
	handshake.RefuserOf = func(err error) *handshake.Refuser {
		e, ok := errors.AsType[*LimitError](err)
		if !ok || e.Requested > e.Bytes { // more than there will ever be
			return nil
		}
		return &e.Limit.refuser
	}
}
