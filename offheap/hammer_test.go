package offheap_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
)

// reuser is a source that hands out released memory again at once, and yields the
// processor after a release: a heap that updated its records after the release instead of
// before it would meet the address again. It is not safe for concurrent use.
type reuser struct {
	idle map[int][][]byte
}

func (r *reuser) Acquire(size int) ([]byte, error) {
	if list := r.idle[size]; len(list) > 0 {
		r.idle[size] = list[:len(list)-1]
		return list[len(list)-1], nil
	}
	return bumper.GoHeap().Acquire(size)
}

func (r *reuser) Release(mem []byte) {
	r.idle[len(mem)] = append(r.idle[len(mem)], mem)
	runtime.Gosched()
}

// TestHammer: eight goroutines allocate, write, check and free, also what others have
// allocated. The records are right at any time, and exact at the end.
func TestHammer(t *testing.T) {
	for name, source := range map[string]bumper.Source{"mmap": nil, "reuser": &reuser{map[int][][]byte{}}} {
		t.Run(name, func(t *testing.T) {
			if source == nil {
				needMmap(t)
			}
			heap := offheap.NewHeap("", source)
			h := &hammer{heap: heap, passed: make(chan []byte, 100)}
			done := make(chan struct{})
			go h.watch(done)
			var wg sync.WaitGroup
			for seed := range uint64(8) {
				wg.Go(func() { h.work(seed) })
			}
			wg.Wait()
			done <- struct{}{}
			close(h.passed)
			for mem := range h.passed {
				h.check(heap.Free(mem) == nil, "a block that was passed on cannot be freed")
			}
			require.Empty(t, h.wrong)
			stats := heap.Stats()
			require.Equal(t, uint64(8*hammerOps/2), stats.Allocs)
			require.Positive(t, stats.Peak)
			stats.Peak, stats.Allocs = 0, 0
			require.Equal(t, offheap.Stats{Frees: 8 * hammerOps / 2}, stats)
			require.NoError(t, heap.Close())
		})
	}
}

const hammerOps = 1000

type hammer struct {
	heap   *offheap.Heap
	passed chan []byte // from one goroutine to another

	mu    sync.Mutex
	wrong []string
}

func (h *hammer) check(ok bool, what string) {
	if !ok {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.wrong = append(h.wrong, what)
	}
}

// work does as many allocations as frees.
func (h *hammer) work(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	var mine [][]byte
	for op := range hammerOps {
		if op%2 == 0 {
			mine = append(mine, h.alloc(1+rng.IntN(3)*4000, byte(rng.IntN(256))))
			continue
		}
		i := rng.IntN(len(mine))
		mem := mine[i]
		mine[i] = mine[len(mine)-1]
		mine = mine[:len(mine)-1]
		select {
		case h.passed <- mem:
			mem = <-h.passed // perhaps another's
		default:
		}
		h.free(mem)
	}
}

func (h *hammer) alloc(size int, fill byte) []byte {
	mem, err := h.heap.Alloc(size)
	h.check(err == nil && len(mem) == size, "Alloc fails")
	for i := range mem {
		mem[i] = fill
	}
	return mem
}

func (h *hammer) free(mem []byte) {
	h.check(bytes.Count(mem, mem[:1]) == len(mem), "a block was overwritten")
	h.check(h.heap.Free(mem) == nil, "Free fails")
}

// watch reads the records while they change.
func (h *hammer) watch(done chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		s := h.heap.Stats()
		h.check(s.Size >= 0 && s.Blocks >= 0 && s.Size <= s.Peak, "negative, or above the peak: "+s.String())
		h.check(s.Allocs-s.Frees == uint64(s.Blocks), "blocks are missing: "+s.String())
		for _, b := range h.heap.Live() {
			h.check(b.Size > 0 && b.Addr != 0, "a block without memory is live")
		}
		runtime.Gosched()
	}
}

// TestConcurrentFree: of many frees of one workspace one works.
func TestConcurrentFree(t *testing.T) {
	heap := offheap.NewHeap("", bumper.GoHeap())
	for range 50 {
		w, err := offheap.Make[byte](heap, 10)
		require.NoError(t, err)
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() { errs <- w.Free() }()
		}
		worked := 0
		for range cap(errs) {
			if err := <-errs; err == nil {
				worked++
			} else {
				require.ErrorIs(t, err, offheap.ErrDoubleFree)
			}
		}
		require.Equal(t, 1, worked)
	}
	stats := heap.Stats()
	require.Equal(t, [3]uint64{50, 50, 350}, [3]uint64{stats.Allocs, stats.Frees, stats.BadFrees})
}
