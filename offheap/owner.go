package offheap

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// owner is what a workspace and the stamps of it keep reachable, and to which the
// safety net is attached.
type owner struct {
	lease
	stamp scope.Stamp
	epoch *memory.Epoch
	net   runtime.Cleanup

	mu    sync.Mutex
	freed bool
	last  block // what the books said of it, once it is freed
}

// lease is what the net needs to know to reclaim a block. The net must not refer to
// the owner: it would keep it alive.
type lease struct {
	heap *Heap
	addr uintptr
	id   uint64 // 0 if there are no bytes
	elem reflect.Type
	n    int
}

// what names the workspace, for the reader of an error.
func (l *lease) what() string { return fmt.Sprintf("a workspace of %d %v", l.n, l.elem) }

func newOwner(h *Heap, elem reflect.Type, n int) *owner {
	o := &owner{lease: lease{heap: h, elem: elem, n: n}}
	o.epoch = memory.NewEpoch(o)
	o.stamp = o.epoch.Stamp()
	return o
}

// Alloc makes the owner the scope.Allocator of its own block, so that package scope
// checks the element type and the size and makes elements of the bytes.
func (o *owner) Alloc(size, align uintptr) (memory.Block, error) {
	if memory.Alignment(size, align) > 64 || size > uintptr(maxInt) {
		return memory.Block{}, exhausted(size, nil)
	}
	mem, id, err := o.heap.alloc(int(size))
	if err != nil {
		return memory.Block{}, exhausted(size, err)
	}
	o.addr, o.id = address(mem), id
	return memory.NewBlock(mem[:size], o.stamp), nil
}

func exhausted(size uintptr, cause error) error {
	return &scope.ExhaustedError{Allocator: "offheap.Heap", Requested: size, Cause: cause}
}

// guard spreads the net.
func (o *owner) guard() {
	if o.id != 0 {
		o.net = runtime.AddCleanup(o, func(l lease) {
			l.heap.leaked(l.addr, l.id, l.what()+" was forgotten: nobody called Free")
		}, o.lease)
	}
}

// requireLive panics if the memory is gone.
func (o *owner) requireLive(op string) {
	end := o.stamp.End()
	if end == "" && o.heap.books.isClosed() {
		end = "ended with Close of its heap"
	}
	if end != "" {
		panic(&scope.StaleError{
			What: fmt.Sprintf("offheap: %s of %s", op, o.what()), End: end,
			Fix: "call Free after the last use",
		})
	}
}

// free frees the block. Its lock protects what is known of the first Free, and is
// not held while code of others runs.
func (o *owner) free() error {
	var at trace
	at.capture()
	mem, err := o.end(caller(2), &at)
	if err != nil {
		o.heap.faults.add(err)
	}
	if mem != nil {
		o.heap.upstream.release(mem)
	}
	return err
}

// end ends the stamp at pc and takes the block out of the books. It returns the
// memory that must go back upstream.
func (o *owner) end(pc uintptr, at *trace) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.freed {
		o.heap.books.refused()
		return nil, o.last.misfree(ErrDoubleFree, o.addr, at)
	}
	o.freed, o.last = true, block{freed: *at}
	o.net.Stop()
	o.stamp.EndsAt(pc)
	o.epoch.End()
	if o.id == 0 {
		return nil, nil
	}
	struck, err := o.heap.books.strike(o.addr, o.id, at)
	if err != nil { // the heap was closed
		return nil, err
	}
	o.last = struck
	o.last.mem = nil
	return struck.mem, nil
}

// caller returns the place that the function skip calls up returns to; 1 is the
// caller of the function that asks.
func caller(skip int) uintptr {
	var pc [1]uintptr
	if runtime.Callers(skip+2, pc[:]) == 0 {
		return 0
	}
	return pc[0] - 1
}
