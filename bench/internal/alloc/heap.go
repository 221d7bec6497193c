package alloc

// keep is where slices are stored so that they live on the heap. Each goroutine has
// its own, on a cache line of its own.
type keep struct {
	slice []float64
	_     [5]uint64
}

// Heap allocates blocks with make.
type Heap struct {
	work  Workload
	keeps []keep
}

// NewHeap returns the allocation of a workload on the Go heap.
func NewHeap(w Workload) *Heap { return &Heap{w, make([]keep, w.Goroutines)} }

// Run allocates n blocks.
func (h *Heap) Run(n int) {
	size := h.work.Elements()
	h.work.Parallel(n, func(g, n int) {
		k := &h.keeps[g]
		for range n {
			k.slice = make([]float64, size)
			k.slice[0] = 1
		}
	})
}
