package scope

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Helpers are goroutines that take on pieces of a computation, so that it uses several cores. Code that
// computes finds them with [HelpersFrom] and starts no goroutines itself: how many cores a computation
// may use is the caller's choice, as its memory is. An allocator that has helpers has the method
//
//	Helpers() scope.Helpers // nil for none
//
// as the shared buffer of package locked.
type Helpers interface {
	// Workers returns how many goroutines RunPieces uses at most, with the one that calls it: at
	// least 1. It never changes.
	Workers() int

	// RunPieces calls task.RunPiece for the pieces 0 ≤ piece < n, each once and in any order, and
	// returns when all have returned. Pieces that run at the same time have different numbers
	// 0 ≤ worker < Workers(). The caller, worker 0, works too, and alone if no helper is free: so
	// pieces may call RunPieces themselves. A panic or a runtime.Goexit in a piece leaves out pieces
	// that have not begun, and then continues in the caller. What was written before RunPieces is visible
	// to all pieces, and what they have written is visible when it returns. Goroutines may call RunPieces
	// at the same time.
	RunPieces(n int, task Task)
}

// A Task is a computation in pieces. Pieces take no memory from a context, whose allocator
// may serve one goroutine only: what workers need is taken before, for Workers of them.
type Task interface {
	RunPiece(worker, piece int)
}

// HelpersFrom returns the helpers that belong to the allocator of ctx, found through wrappers, derived
// contexts and scopes. If there are none, RunPieces does all pieces in the caller. It never returns nil.
func HelpersFrom(ctx context.Context) Helpers {
	if a, ok := memory.As[interface{ Helpers() Helpers }](AllocatorFrom(ctx)); ok {
		if h := a.Helpers(); h != nil {
			return h
		}
	}
	return alone{}
}

// alone is without helpers.
type alone struct{}

func (alone) Workers() int { return 1 }

func (alone) RunPieces(n int, task Task) {
	for i := range n {
		task.RunPiece(0, i)
	}
}
