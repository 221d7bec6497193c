package offheap_test

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
)

// resident returns how many bytes of mem, which begins at a page, have memory behind them.
func resident(t *testing.T, mem []byte) (bytes int) {
	page := os.Getpagesize()
	in := make([]byte, len(mem)/page)
	_, _, errno := syscall.Syscall(syscall.SYS_MINCORE, addr(mem), uintptr(len(mem)), uintptr(unsafe.Pointer(&in[0])))
	require.Zero(t, errno)
	for _, b := range in {
		bytes += int(b&1) * page
	}
	return bytes
}

// TestDiscard: discarded memory goes back to the system at once; the addresses stay, and
// what lies beside it keeps its data.
func TestDiscard(t *testing.T) {
	const size = 64 << 20
	page := os.Getpagesize()
	for name, opts := range map[string][]offheap.MmapOption{"pages": nil, "huge pages": {offheap.HugePages()}} {
		pages := offheap.Mmap(opts...)
		for kind, source := range map[string]bumper.Discarder{"": pages, ", on a heap": offheap.NewHeap("", pages)} {
			t.Run(name+kind, func(t *testing.T) {
				mem, err := source.Acquire(size)
				require.NoError(t, err)
				defer source.Release(mem)
				require.Less(t, resident(t, mem), size, "nothing was touched")
				for i := 0; i < size; i += page {
					mem[i] = 1
				}
				require.Equal(t, size, resident(t, mem))
				mapped := pages.Stats()

				source.Discard(mem[1 : size-1]) // but for the first and the last page
				require.Equal(t, 2*page, resident(t, mem))
				require.Equal(t, mapped, pages.Stats(), "it stays mapped")
				require.Equal(t, [2]byte{1, 1}, [2]byte{mem[0], mem[size-page]})
				for i := page; i < size-page; i += page {
					require.Zero(t, mem[i])
					mem[i] = 2
				}
				require.Equal(t, size, resident(t, mem))
				source.Discard(mem)
				require.Zero(t, resident(t, mem))
			})
		}
	}
}

// TestDiscardConcurrently: discards, allocations and frees of several goroutines leave
// each other's data alone.
func TestDiscardConcurrently(t *testing.T) {
	heap := offheap.NewHeap("", nil)
	wrong := make(chan string, 1000)
	var wg sync.WaitGroup
	for seed := range byte(4) {
		wg.Go(func() {
			for i := range byte(50) {
				mem, err := heap.Acquire(1 << 16)
				if err != nil {
					wrong <- err.Error()
					return
				}
				half := len(mem) / 2
				mem[0], mem[half] = seed, i
				heap.Discard(mem[half:])
				runtime.Gosched()
				if mem[0] != seed || mem[half] != 0 {
					wrong <- "data was lost, or kept"
				}
				heap.Release(mem)
			}
		})
	}
	wg.Wait()
	require.Empty(t, wrong)
	require.NoError(t, heap.Close())
}
