package trial

import (
	"sync"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Helpers are as contrary as the contract of [scope.Helpers] lets them be: all workers run
// pieces at the same time, the last pieces first. With Alone, pieces run one after the
// other, by another worker each, so that what a worker spoils for those before it shows
// every time. With an Allocator they are one that has helpers.
type Helpers struct {
	scope.Allocator
	N     int // workers
	Alone bool
	Used  int // how often they were asked
}

// Helpers returns h.
func (h *Helpers) Helpers() scope.Helpers { return h }

// Workers returns N.
func (h *Helpers) Workers() int { return h.N }

// RunPieces runs n pieces.
func (h *Helpers) RunPieces(n int, task scope.Task) {
	h.Used++
	if h.Alone {
		for piece := n - 1; piece >= 0; piece-- {
			task.RunPiece(piece%h.N, piece)
		}
		return
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for worker := range h.N {
		all.Go(func() {
			for {
				mu.Lock()
				n--
				piece := n
				mu.Unlock()
				if piece < 0 {
					return
				}
				task.RunPiece(worker, piece)
			}
		})
	}
	all.Wait()
}
