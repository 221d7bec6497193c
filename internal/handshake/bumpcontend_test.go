package handshake_test

import (
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
)

// TestLastByteOfAWindow: a window may be as short as one byte, or as long as is allowed.
func TestLastByteOfAWindow(t *testing.T) {
	mem := lines(64)
	b, _, g := windowed(t, mem)
	b.Shut()
	require.True(t, b.Open(mem, 1))
	first, _ := b.Take(g, 1, 1)
	require.Equal(t, unsafe.Pointer(&mem[63]), first)
	first, _ = b.Take(g, 1, 1)
	require.Nil(t, first)
	require.Zero(t, b.Shut())
}

// TestBlockAlignments: Block serves every alignment up to that of a window.
func TestBlockAlignments(t *testing.T) {
	mem := lines(1024)
	b, _, g := windowed(t, mem)
	for align := uintptr(1); align <= 64; align *= 2 {
		block, ok := b.Block(g, 1, align)
		require.True(t, ok, "alignment %d", align)
		require.Zero(t, uintptr(unsafe.Pointer(&block.Bytes()[0]))%align)
	}
	for _, align := range []uintptr{0, 3, 5, 6, 65, 66, 127, 128, 1 << 30, ^uintptr(0)} {
		_, ok := b.Block(g, 1, align)
		require.False(t, ok, "alignment %d", align)
	}
}

// TestTakersContend: goroutines that take blocks at the same moment get different ones, and all
// there are.
func TestTakersContend(t *testing.T) {
	const goroutines, rounds, length = 4, 20, handshake.MostWindow
	mem := lines(length)
	b, _, g := windowed(t, mem)
	for range rounds {
		takes := make([][]unsafe.Pointer, goroutines)
		var start, all sync.WaitGroup
		start.Add(1)
		for i := range goroutines {
			all.Go(func() {
				start.Wait()
				for {
					first, _ := b.Take(g, 64, 8)
					if first == nil {
						return
					}
					takes[i] = append(takes[i], first)
				}
			})
		}
		start.Done()
		all.Wait()
		taken := map[unsafe.Pointer]bool{}
		for _, list := range takes {
			for _, first := range list {
				require.False(t, taken[first], "twice")
				taken[first] = true
			}
		}
		require.Len(t, taken, length/64)
		b.Shut()
		require.True(t, b.Open(mem, length))
	}
}
