package scope

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// strange reports whether a block that guard mode watches is certainly not of the allocator in
// ctx: whether the two have different owners. It asks for an empty block to learn that of the
// allocator. Blocks of the Go heap have none, and any allocator may hand one out.
func strange(ctx context.Context, stamp Stamp) bool {
	if stamp.Owner() == nil {
		return false
	}
	a := AllocatorFrom(ctx)
	for inner := memory.Unwrap(a); inner != nil; inner = memory.Unwrap(a) {
		a = inner
	}
	if a == Heap() {
		return true
	}
	b, err := a.Alloc(0, 1)
	return err == nil && b.Stamp.Owner() != nil && b.Stamp.Owner() != stamp.Owner()
}
