package service

import (
	"context"
	"sync"
	"time"
)

// How often a sample is taken, and how many are kept: a minute.
const (
	interval = 250 * time.Millisecond
	kept     = 240
)

// A sample is what happened in one interval.
type sample struct {
	Seq       uint64 `json:"seq"`
	Requests  uint64 `json:"requests"`         // answered
	Images    uint64 `json:"images"`           // in them
	Live      uint64 `json:"heap_live_bytes"`  // at the end of the interval
	Allocated uint64 `json:"heap_alloc_bytes"` // in the interval
	Cycles    uint64 `json:"gc_cycles"`        // in the interval
	Scopes    uint64 `json:"scope_bytes"`      // the most that all scopes held at one time
}

// A history is the samples of the last minute. Its methods are safe for concurrent use.
type history struct {
	counts *counters

	mu      sync.Mutex
	samples [kept]sample // sample i is at i modulo kept
	next    uint64       // the number of the next one
	heap    *heapReader
	before  heapState
	ok      uint64 // requests answered before
	images  uint64 // in them
}

func newHistory(c *counters) *history {
	h := &history{counts: c, heap: newHeapReader()}
	h.before = h.heap.read()
	return h
}

// run takes samples until ctx ends.
func (h *history) run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.take()
		case <-ctx.Done():
			return
		}
	}
}

// take takes a sample.
func (h *history) take() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.heap.read()
	ok, _ := h.counts.answered()
	images := h.counts.images.Load()
	h.samples[h.next%kept] = sample{
		Seq: h.next, Requests: ok - h.ok, Images: images - h.images,
		Live: now.Live, Allocated: now.Allocated - h.before.Allocated, Cycles: now.Cycles - h.before.Cycles,
		Scopes: h.counts.peak.Swap(0),
	}
	h.next++
	h.before, h.ok, h.images = now, ok, images
}

// since returns the samples from number seq on that are still there, the number of the
// next one, and the state of the heap now.
func (h *history) since(seq uint64) (samples []sample, next uint64, now heapState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next > kept {
		seq = max(seq, h.next-kept)
	}
	samples = []sample{} // not nil: in JSON an empty list
	for ; seq < h.next; seq++ {
		samples = append(samples, h.samples[seq%kept])
	}
	return samples, h.next, h.heap.read()
}
