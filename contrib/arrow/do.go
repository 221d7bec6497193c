package arrowscope

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

var _ memory.Allocator = (*Allocator)(nil)

// Do calls fn with an Allocator for the memory of ctx, as [New] returns it. It returns fn's
// error, joined with the first error of an allocation, after which some of fn's memory was the
// Go heap's: if that matches scope.ErrExhausted, the results are right, but ctx's scope has
// used more than it may.
//
// Do opens no scope. What fn has made lives as long as that of ctx.
func Do(ctx context.Context, fn func(mem *Allocator) error) error {
	mem, err := New(ctx)
	if err != nil {
		return err
	}
	return joined(fn(mem), mem.Err())
}

// joined is errors.Join, but returns a single error as it is, and one that is part of the
// other only once.
func joined(a, b error) error {
	switch {
	case b == nil || errors.Is(a, b):
		return a
	case a == nil:
		return b
	}
	return errors.Join(a, b)
}
