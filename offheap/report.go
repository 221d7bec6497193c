package offheap

import "errors"

// Stats tells how the heap is used.
func (h *Heap) Stats() Stats {
	h.books.mu.Lock()
	defer h.books.mu.Unlock()
	return h.books.stats
}

// Live lists the live blocks of all labels, the largest first, then the oldest.
func (h *Heap) Live() []BlockInfo {
	h.books.mu.Lock()
	defer h.books.mu.Unlock()
	var list []BlockInfo
	for _, b := range h.books.sorted() {
		list = append(list, b.info())
	}
	return list
}

// Check returns what has gone wrong since the heap was made, or nil: leaks that the
// safety net caught and frees that were refused, each with its stacks, and the
// upstream source's own errors if it has a method Err. At most 64 are listed and the
// others counted. The error matches [ErrLeak], [ErrDoubleFree] and so on.
//
// A live block is no error. At the end of a test or a program, where there should be
// none, call [Heap.Close].
func (h *Heap) Check() error { return errors.Join(h.faults.err(), h.upstream.err()) }

// Close frees every block that still lives, reports each as a leak, and returns all
// that Check does. Nothing may touch the blocks any more: close the buffers that
// stand on them before. From now on Alloc fails with [ErrClosed]. Closing again does
// nothing and returns nil. Close is for all labels of the heap.
func (h *Heap) Close() error {
	var at trace
	at.capture()
	if h.books.isClosed() {
		return nil
	}
	for _, b := range h.books.close(&at) {
		h.upstream.release(b.mem)
		h.faults.add(&LeakError{b.info(), "it still lived when the heap was closed"})
	}
	return h.Check()
}

// String describes the heap in one line.
func (h *Heap) String() string { return "offheap.Heap: " + h.Stats().String() }
