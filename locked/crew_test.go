package locked_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
)

// counted counts the pieces that ran.
type counted struct{ ran atomic.Int32 }

func (c *counted) RunPiece(int, int) { c.ran.Add(1) }

// TestAsManyHelpersAsPieces: a task starts a helper for each piece beyond the first, none for
// more, and uses those that are idle first; all end when nobody needs them.
func TestAsManyHelpersAsPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := locked.Share(bumper.NewSlabBuffer(), locked.Cores(5))
		h := shared.Helpers()
		for _, step := range []struct{ pieces, running int }{{0, 0}, {1, 0}, {2, 1}, {2, 1}, {4, 3}, {3, 3}, {5, 4}, {6, 4}, {100, 4}} {
			var task counted
			h.RunPieces(step.pieces, &task)
			require.EqualValues(t, step.pieces, task.ran.Load())
			synctest.Wait() // until they are idle
			require.Equal(t, step.running, locked.Running(shared), "after %d pieces", step.pieces)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Zero(t, locked.Running(shared))
	})
}

// TestHelpersAfterClose: the helpers end with Close, and are started again when they are needed.
func TestHelpersAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := locked.Share(bumper.NewSlabBuffer(), locked.Cores(4))
		for range 2 {
			h := shared.Helpers()
			var task counted
			h.RunPieces(10, &task)
			synctest.Wait()
			require.Equal(t, 3, locked.Running(shared))
			_ = shared.Close()
			synctest.Wait()
			require.Zero(t, locked.Running(shared))
		}
	})
}

// ordered notes the pieces of each worker in their order; the first piece of the caller and that
// of its helper wait for one another, and then the helper for all the rest.
type ordered struct {
	mu     sync.Mutex
	pieces [2][]int
	begun  sync.WaitGroup
	rest   chan bool
}

func (o *ordered) RunPiece(worker, piece int) {
	o.mu.Lock()
	first := len(o.pieces[worker]) == 0
	o.pieces[worker] = append(o.pieces[worker], piece)
	done := len(o.pieces[0])+len(o.pieces[1]) == 8
	o.mu.Unlock()
	if first {
		o.begun.Done()
		o.begun.Wait()
	}
	if done {
		close(o.rest)
	}
	if worker == 1 {
		<-o.rest
	}
}

// TestNeighbouringPieces: a worker takes its own pieces from the first on, and those of others
// from the last.
func TestNeighbouringPieces(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Cores(2))
	o := &ordered{rest: make(chan bool)}
	o.begun.Add(2)
	shared.Helpers().RunPieces(8, o)
	require.Equal(t, [2][]int{{0, 1, 2, 3, 7, 6, 5}, {4}}, o.pieces)
	require.NoError(t, shared.Close())
}
