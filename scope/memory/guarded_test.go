package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestReleasedMeanwhile: a watched block that another goroutine releases, or whose scope it ends,
// between the look at its stamp and the release, is not released once more.
func TestReleasedMeanwhile(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	around := memory.NewEpoch(nil)
	for name, stamp := range map[string]memory.Stamp{"heap": {}, "scope": around.Stamp()} {
		b := memory.Guarded(memory.NewBlock(make([]byte, 8), stamp), 8)
		require.True(t, b.Stamp.Watched(), name)
		mem := b.Bytes()
		require.True(t, memory.ReleaseWatched(mem, b.Stamp), name)
		require.False(t, b.Stamp.Live(), name)
		end := b.Stamp.End()
		require.False(t, memory.ReleaseWatched(mem, b.Stamp), name)
		require.Equal(t, end, b.Stamp.End(), "it has ended once")
	}
	b := memory.Guarded(memory.NewBlock(make([]byte, 8), around.Stamp()), 8)
	mem := b.Bytes()
	around.End()
	require.False(t, memory.ReleaseWatched(mem, b.Stamp))
}

// taker is a Releaser.
type taker struct{ memory.Allocator }

func (taker) Release([]byte, memory.Stamp) bool { return false }

// TestRenewedMeanwhile: a stamp that another goroutine ends, between the look at it and its end, is
// not renewed.
func TestRenewedMeanwhile(t *testing.T) {
	e := memory.NewBlockEpoch(taker{})
	s := e.Block(make([]byte, 8)).Stamp
	e.End()
	ended := e.Stamp()
	same, ok := s.RenewEnded(0)
	require.False(t, ok)
	require.Equal(t, s, same)
	require.True(t, ended.Live(), "nothing has changed")
	next, ok := ended.RenewEnded(0)
	require.True(t, ok)
	require.True(t, next.Live())
}

// TestHanded: an allocator knows its block by the memory that it has handed out, wherever guard mode
// has moved it; everybody else by what came of it.
func TestHanded(t *testing.T) {
	for _, mode := range []guard.Mode{guard.Off, guard.Full} {
		before := guard.Set(mode)
		t.Cleanup(func() { guard.Set(before) })
		mem, other := make([]byte, 64), make([]byte, 64)
		b := memory.Guarded(memory.NewBlockEpoch(taker{}).Block(mem), 8)
		require.True(t, b.Stamp.Handed(mem))
		require.True(t, b.Stamp.Whole(b.Bytes()))
		for _, wrong := range [][]byte{mem[:63], mem[1:], other, nil} {
			require.False(t, b.Stamp.Handed(wrong))
			require.False(t, b.Stamp.Whole(wrong))
		}
		if moved := &b.Bytes()[0] != &mem[0]; moved {
			require.False(t, b.Stamp.Handed(b.Bytes()))
			require.False(t, b.Stamp.Whole(mem))
		}
		guard.Set(before)
	}
}
