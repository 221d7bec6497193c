package bumper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
)

// TestReset: Reset ends the life of everything, makes room for it again, and is refused
// while a scope is open.
func TestReset(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			buf := new()
			for resets := range 3 {
				first, err := buf.Alloc(1000, 8)
				require.NoError(t, err)
				second, err := buf.Alloc(60_000, 8)
				require.NoError(t, err)
				require.GreaterOrEqual(t, buf.Stats().Used, 61_000)

				cp := buf.Checkpoint()
				require.ErrorIs(t, buf.Reset(), bumper.ErrOpenScope)
				require.True(t, first.Stamp.Live(), "a refused reset changes nothing")
				require.NoError(t, buf.Restore(cp))

				require.NoError(t, buf.Reset())
				require.False(t, first.Stamp.Live())
				require.False(t, second.Stamp.Live())
				require.Zero(t, buf.Stats().Used)
				require.EqualValues(t, resets+1, buf.Stats().Resets)
			}
		})
	}
}
