package bumper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestExtend: the last block is lengthened as long as there is room, wherever a short one
// begins; any other block, and one that would be misaligned, is left as it is.
func TestExtend(t *testing.T) {
	type extender interface {
		memory.Extender
		memory.Checkpointer
	}
	for name, b := range map[string]extender{
		"alloc":       bumper.NewAllocBuffer(1000),
		"slab":        bumper.NewSlabBuffer(bumper.SlabSize(1000)),
		"autoscaling": bumper.NewAutoscalingBuffer(bumper.Initial(1000)),
	} {
		alloc := func(size uintptr) memory.Block {
			block, err := b.Alloc(size, 1)
			require.NoError(t, err, name)
			return block
		}
		requireLength := func(ok bool, block memory.Block, size uintptr) {
			t.Helper()
			longer, got := b.Extend(block, size)
			require.Equal(t, ok, got, name)
			if ok {
				require.Len(t, longer.Bytes(), int(size), name)
				require.Same(t, &block.Bytes()[0], &longer.Bytes()[0], name)
				require.Equal(t, block.Stamp, longer.Stamp, name)
			} else {
				require.Equal(t, block, longer, name)
			}
		}
		alloc(1)
		odd := alloc(3)
		requireLength(false, odd, 64) // which would have to begin at a multiple of 64
		requireLength(true, odd, 40)
		first := alloc(64)
		second := alloc(64)
		requireLength(false, first, 65) // is not the last
		requireLength(false, second, 63)
		requireLength(false, second, 10_000)
		cp := b.Checkpoint()
		requireLength(false, second, 65) // was born in an outer scope
		require.NoError(t, b.Restore(cp))
		requireLength(true, second, 65)
		empty := alloc(0)
		_, ok := b.Extend(empty, 10)
		require.False(t, ok, name)
		large := alloc(100)
		require.EqualValues(t, 100, len(large.Bytes()))
		requireLength(true, large, 200)
	}
}
