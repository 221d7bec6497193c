package locked_test

import (
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
