package handshake_test

import (
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// lines returns n bytes at a multiple of 64.
func lines(n int) []byte {
	mem := make([]byte, n+64)
	off := int(-uintptr(unsafe.Pointer(&mem[0])) & 63)
	return mem[off : off+n : off+n]
}

// windowed returns a region in its first generation, with a window on mem.
func windowed(t *testing.T, mem []byte) (*handshake.BumpRegion, *memory.Epoch, handshake.Generation) {
	b, epoch := new(handshake.BumpRegion), memory.NewEpoch(nil)
	b.Init(nil, epoch)
	g := b.Next()
	require.True(t, b.Open(mem, len(mem)))
	return b, epoch, g
}

// TestWindow: blocks follow one another, aligned as the contract says, until there is no
// room; what is left is told when the window is shut.
func TestWindow(t *testing.T) {
	mem := lines(256)
	b, epoch, g := windowed(t, mem)
	for _, step := range []struct{ size, align, off uintptr }{{1, 1, 0}, {8, 8, 8}, {3, 1, 16}, {2, 2, 20}, {64, 1, 64}, {4, 4, 128}, {60, 4, 132}} {
		first, stamp := b.Take(g, step.size, step.align)
		require.Equal(t, unsafe.Pointer(&mem[step.off]), first, "%+v", step)
		require.Equal(t, epoch.Stamp(), stamp)
	}
	for _, size := range []uintptr{65, 1 << 20, ^uintptr(0)} {
		first, _ := b.Take(g, size, 1)
		require.Nil(t, first, "%d bytes", size)
	}
	require.Equal(t, 64, b.Shut())
	first, _ := b.Take(g, 1, 1)
	require.Nil(t, first, "shut")
	require.True(t, b.Open(mem, 64))
	first, _ = b.Take(g, 64, 1)
	require.Equal(t, unsafe.Pointer(&mem[192]), first)
	require.False(t, b.Open(mem, 0), "nothing left")
	b.Shut()
	b.Forget()
}

// TestWindowBlock: Block serves what Take may be asked for, and no other.
func TestWindowBlock(t *testing.T) {
	mem := lines(256)
	b, epoch, g := windowed(t, mem)
	block, ok := b.Block(g, 70, 64)
	require.True(t, ok)
	require.Equal(t, memory.NewBlock(mem[:70], epoch.Stamp()), block)
	for _, odd := range []struct{ size, align uintptr }{{0, 1}, {8, 0}, {8, 3}, {8, 128}, {200, 8}} {
		_, ok := b.Block(g, odd.size, odd.align)
		require.False(t, ok, "%+v", odd)
	}
	require.Equal(t, 186, b.Shut(), "they took nothing")
}

// TestLateSwap: whatever happens to the region between the look and the swap, the swap fails,
// even if the window of a stranger is just like the one that was seen.
func TestLateSwap(t *testing.T) {
	mem := lines(256)
	for name, meanwhile := range map[string]func(*handshake.BumpRegion, *memory.Epoch){
		"another block":           func(b *handshake.BumpRegion, _ *memory.Epoch) { b.Take(b.Generation(), 8, 8) },
		"shut":                    func(b *handshake.BumpRegion, _ *memory.Epoch) { b.Shut() },
		"another span, just so":   func(b *handshake.BumpRegion, _ *memory.Epoch) { b.Shut(); b.Open(lines(256), 256) },
		"the next scope, just so": func(b *handshake.BumpRegion, e *memory.Epoch) { b.Shut(); e.End(); b.Open(mem, 256) },
		"a stranger's use, just so": func(b *handshake.BumpRegion, e *memory.Epoch) {
			b.Shut()
			e.End()
			b.Next()
			b.Next()
			b.Open(mem, 256)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, epoch, g := windowed(t, mem)
			seen := b.Look(g, 8, 8)
			require.EqualValues(t, 256, seen.Room)
			meanwhile(b, epoch)
			before := b.Look(b.Generation(), 8, 8)
			require.False(t, b.Swap(seen, 8))
			require.Equal(t, before, b.Look(b.Generation(), 8, 8), "nothing was taken")
		})
	}
}

// TestStrangersWindow: a context that was kept gets nothing of a later generation.
func TestStrangersWindow(t *testing.T) {
	mem := lines(256)
	b, _, g := windowed(t, mem)
	b.Shut()
	b.Next()
	b.Next()
	require.True(t, b.Open(mem, 256))
	first, _ := b.Take(g, 8, 8)
	require.Nil(t, first)
	require.Equal(t, 256, b.Shut())
}

// TestWorn: when the versions are used up there are no more windows, and the last one's is not
// used again.
func TestWorn(t *testing.T) {
	mem := lines(256)
	b, _, g := windowed(t, mem)
	b.Shut()
	b.Wear(2)
	for range 2 {
		require.False(t, b.Worn())
		require.True(t, b.Open(mem, 256))
		b.Shut()
	}
	require.True(t, b.Worn())
	require.False(t, b.Open(mem, 256))
	first, _ := b.Take(g, 8, 8)
	require.Nil(t, first)
}

// TestWindowConcurrently: goroutines take blocks while another opens and shuts windows on the
// same memory, in one scope after another. No two blocks of a scope overlap, all bytes of a
// window are accounted for, and a block has the stamp of the scope whose memory it is.
func TestWindowConcurrently(t *testing.T) {
	const goroutines, rounds, length = 4, 3000, 1024
	mem := lines(length)
	b, epoch := new(handshake.BumpRegion), memory.NewEpoch(nil)
	b.Init(nil, epoch)
	var mu sync.Mutex
	taken := map[memory.Stamp]map[uintptr]bool{} // granules, by scope
	total := map[memory.Stamp]int{}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				first, stamp := b.Take(b.Generation()|1, 64, 8)
				if first == nil {
					runtime.Gosched()
					continue
				}
				at := (uintptr(first) - uintptr(unsafe.Pointer(&mem[0]))) / 64
				mu.Lock()
				if taken[stamp] == nil {
					taken[stamp] = map[uintptr]bool{}
				}
				if at >= length/64 || taken[stamp][at] {
					t.Errorf("granule %d of %v twice, or outside", at, stamp)
				}
				taken[stamp][at] = true
				mu.Unlock()
			}
		})
	}
	for range rounds {
		b.Next()
		stamp := epoch.Stamp()
		b.Open(mem, length)
		for range 3 {
			runtime.Gosched()
		}
		left := b.Shut()
		total[stamp] = length - left
		epoch.End()
		b.Next()
	}
	close(stop)
	all.Wait()
	for stamp, n := range total {
		require.Equal(t, n, 64*len(taken[stamp]))
		delete(taken, stamp)
	}
	require.Empty(t, taken, "blocks in no scope")
}

// plainRegion is a region that releases no single blocks.
type plainRegion struct{ handshake.Region }

// TestReleaserOfAWindow: a region releases single blocks if what it belongs to does.
func TestReleaserOfAWindow(t *testing.T) {
	b := new(handshake.BumpRegion)
	b.Init(plainRegion{}, memory.NewEpoch(nil))
	require.Nil(t, b.Releaser(b.Next()))
}
