package handshake_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
)

// TestBump: blocks follow one another, aligned as the contract says; what does not fit, and
// what is empty, is the buffer's.
func TestBump(t *testing.T) {
	b := handshake.Bump{Mem: lines(256)}
	for _, step := range []struct{ size, align, off uintptr }{{1, 1, 0}, {8, 8, 8}, {3, 1, 16}, {2, 2, 20}, {64, 1, 64}, {4, 4, 128}, {60, 4, 132}} {
		start, ok := b.Fit(step.size, step.align)
		require.True(t, ok, "%+v", step)
		require.Equal(t, step.off, start)
		require.Equal(t, unsafe.Pointer(&b.Mem[step.off]), b.Take(start, step.size))
	}
	for _, size := range []uintptr{0, 65, 1 << 20, ^uintptr(0)} {
		_, ok := b.Fit(size, 1)
		require.False(t, ok, "%d bytes", size)
	}
	require.EqualValues(t, 7, b.Allocations)
	start, ok := b.Fit(64, 8)
	require.True(t, ok)
	b.Take(start, 64)
	_, ok = b.Fit(1, 1)
	require.False(t, ok, "full")
	_, ok = new(handshake.Bump).Fit(1, 1)
	require.False(t, ok, "no memory")
}
