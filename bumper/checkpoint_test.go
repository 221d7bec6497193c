package bumper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestCheckpoint: Restore releases what came after the checkpoint and nothing else. One
// that is out of order, used twice or of another buffer is an error and releases
// nothing.
func TestCheckpoint(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			buf, other := new(), new()
			mustAlloc(t, buf, 100)
			used := buf.Stats().Used
			outer := buf.Checkpoint()
			mustAlloc(t, buf, 1000)
			inner := buf.Checkpoint()
			mustAlloc(t, buf, 1000)
			all := buf.Stats().Used

			require.ErrorIs(t, buf.Restore(outer), bumper.ErrOutOfOrder)
			require.ErrorIs(t, buf.Restore(other.Checkpoint()), bumper.ErrForeign)
			require.ErrorIs(t, buf.Restore(memory.Checkpoint{}), bumper.ErrForeign)
			require.Equal(t, all, buf.Stats().Used)

			require.NoError(t, buf.Restore(inner))
			require.ErrorIs(t, buf.Restore(inner), bumper.ErrEnded)
			require.Greater(t, buf.Stats().Used, used)
			require.NoError(t, buf.Restore(outer))
			require.Equal(t, used, buf.Stats().Used)
		})
	}
}
