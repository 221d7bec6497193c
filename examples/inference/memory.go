package main

import (
	"context"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A memory is where the arrays of a run come from. The three runs differ in this file
// only.
type memory struct {
	name   string
	shared func(context.Context) context.Context // for the context that workers share
	own    func(context.Context) context.Context // for the context of one worker
}

// memories are the rows of the comparison. For the heap, nothing is put into the context:
// the same code then runs as ordinary Go.
var memories = []memory{
	{"heap", as, as},
	{"bumper", as, func(ctx context.Context) context.Context {
		return scope.WithAllocator(ctx, bumper.NewSlabBuffer())
	}},
	{"locked", func(ctx context.Context) context.Context {
		return locked.WithLockedBumper(ctx, bumper.NewSlabBuffer())
	}, as},
}

// as returns a context as it is.
func as(ctx context.Context) context.Context { return ctx }

// memoryNames returns the names of all memories, in order.
func memoryNames() (names []string) {
	for _, m := range memories {
		names = append(names, m.name)
	}
	return names
}
