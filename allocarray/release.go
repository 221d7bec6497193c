package allocarray

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Release ends the array a, and all views of it, before its scope ends, so that its memory
// can be used again: ctx is the context that it was made with. What uses one of them later
// panics with a [scope.StaleError] that names the call of Release. A slice that
// [AllocArray.Data] returned must not be used either, which nothing checks but guard mode
// (see package scope/guard): release an array where no such slice is kept.
//
// Only some allocators take single arrays back, package plan/replay's for one. With others,
// Release does nothing but its checks, and the memory lasts until the scope ends. In
// guard mode a released array is stale on every allocator, the Go heap included, so that
// tests find what is wrong wherever they run. Arrays made by [Wrap] are never released.
//
// Release panics if the array's scope has ended, if another allocator than ctx's made it and one
// of the two takes arrays back or guard mode is on, and, where the array's does or in guard mode, if it
// was released before or a is a view of it. (A view of all elements in their order, as Reshape
// returns, counts as the array.)
func (a AllocArray[T]) Release(ctx context.Context) {
	if a.layout == nil || !a.stamp.Live() {
		a.panicUnreleasable()
	}
	if !a.fresh {
		panic(a.notReleased("Release", scope.ErrPart))
	}
	if a.stamp == (scope.Stamp{}) {
		return
	}
	if err := scope.Release(ctx, a.elements(), a.stamp); err != nil {
		panic(a.notReleased("Release", err))
	}
}

//go:noinline
func (a AllocArray[T]) panicUnreleasable() {
	if _, moved := a.stamp.Unmoved(); moved || a.layout == nil {
		a.panicUnusable("Release")
	}
	a.panicStale("Release", "it is released once, and not at "+callsite.Place(callsite.User()))
}

// notReleased returns what to say if the allocator does not release a.
func (a AllocArray[T]) notReleased(op string, err error) string {
	at := callsite.Place(callsite.User())
	if cause := errors.Unwrap(err); cause != nil {
		err = cause
	}
	return misuse("%s at %s of a %s array of %s: %v", op, at, a.text(), ownerName(a.stamp), err)
}

// ownerName describes what made an array.
func ownerName(s scope.Stamp) string {
	switch o := s.Owner().(type) {
	case nil:
		return "the Go heap"
	case fmt.Stringer:
		what, _, _ := strings.Cut(o.String(), ":") // numbers come after it
		return what
	default:
		return fmt.Sprintf("a %T", o)
	}
}
