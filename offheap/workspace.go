package offheap

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Workspace owns n elements of T outside the Go heap, until Free. For code that
// has a context, a buffer on a [Heap] is simpler; a Workspace is for one large piece of
// memory that one function makes and frees.
//
//	w, err := offheap.Make[float64](heap, n)
//	if err != nil {
//		return err
//	}
//	defer w.Free()
//	use(w.Data())
//
// # The leak guard
//
// A forgotten Workspace is freed when the garbage collector finds it unreachable. That
// takes up to two collections, which may be far off, because to the collector a
// Workspace is small. It is then reported as a leak: see [OnError] and [Heap.Check].
//
// # The trap
//
// The slice that Data returns is not Go memory and does not keep the Workspace
// alive. If the program's last use of the Workspace is to get the slice, the leak guard
// may free the memory while the slice is in use, and the next access ends the program.
// Always call Free (or runtime.KeepAlive) after the last use of the slice, as defer
// does. Arrays do not have this trap: the scope.Stamp in them keeps the owner of
// their memory alive. A type of your own that is built on a Workspace must keep its
// Stamp.
//
// Several goroutines may call Free and Data, but nothing may use the slice when Free is
// called, or after.
type Workspace[T any] struct {
	owner *owner
	data  []T
}

// Make returns a workspace of n zeros. The error matches scope.ErrExhausted and the
// error of the upstream source. As scope.Make, it panics if T contains a pointer
// or n is negative.
func Make[T any](h *Heap, n int) (*Workspace[T], error) {
	o := newOwner(h, reflect.TypeFor[T](), n)
	data, _, err := scope.Alloc[T](scope.WithAllocator(context.Background(), o), n)
	if err != nil {
		return nil, err
	}
	if !h.upstream.zeroed || address(data) != o.addr { // guard mode gives other memory
		clear(data)
	}
	o.watch()
	return &Workspace[T]{o, data}, nil
}

// Data returns the elements. It panics with a scope.StaleError after Free. See
// Workspace for how long the slice may be used.
func (w *Workspace[T]) Data() []T {
	w.owner.requireLive("Data")
	runtime.KeepAlive(w)
	return w.data
}

// Len returns the number of elements.
func (w *Workspace[T]) Len() int { return len(w.data) }

// Stamp returns the stamp of the workspace: live until Free. As long as it is reachable,
// the leak guard does not free the workspace.
func (w *Workspace[T]) Stamp() scope.Stamp { return w.owner.stamp }

// Free gives the memory back at once, whether or not the heap is closed. Freeing again
// returns a [FreeError] with all stacks, even if the address has been handed out again.
func (w *Workspace[T]) Free() error { return w.owner.free() }

// owner owns the memory of a workspace. The workspace and its stamps keep it reachable,
// and the leak guard is attached to it.
type owner struct {
	lease
	stamp     scope.Stamp
	epoch     *memory.Epoch
	leakGuard runtime.Cleanup

	mu    sync.Mutex
	freed bool
	last  block // its record when it was freed
}

// lease is what the leak guard needs to free a block. It must not refer to the owner,
// which it would keep alive.
type lease struct {
	heap *Heap
	addr uintptr // 0 if there are no bytes
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
// checks the element type and the size, and turns the bytes into elements.
func (o *owner) Alloc(size, align uintptr) (memory.Block, error) {
	if memory.Alignment(size, align) > 64 || size > uintptr(maxInt) {
		return memory.Block{}, exhausted(size, nil)
	}
	mem, err := o.heap.alloc(int(size), byWorkspace)
	if err != nil {
		return memory.Block{}, exhausted(size, err)
	}
	o.addr = address(mem)
	return memory.NewBlock(mem[:size], o.stamp), nil
}

func exhausted(size uintptr, cause error) error {
	return &scope.ExhaustedError{Allocator: "offheap.Heap", Requested: size, Cause: cause}
}

// watch attaches the leak guard.
func (o *owner) watch() {
	if o.addr != 0 {
		o.leakGuard = runtime.AddCleanup(o, func(l lease) {
			l.heap.leaked(l.addr, byWorkspace, l.what()+" was forgotten: nobody called Free")
		}, o.lease)
	}
}

// requireLive panics if the memory is gone.
func (o *owner) requireLive(op string) {
	if !o.stamp.Live() {
		panic(scope.NewStaleError(fmt.Sprintf("offheap: %s of %s", op, o.what()), o.stamp, "call Free after the last use"))
	}
}

// free frees the block. Its lock protects the record of the first Free, and is not held
// while other code runs.
func (o *owner) free() error {
	var at callsite.Stack
	at.Capture()
	mem, err := o.end(callsite.Caller(2), &at)
	if err != nil {
		o.heap.faults.add(err)
	}
	if mem != nil {
		o.heap.upstream.release(mem)
	}
	return err
}

// end ends the stamp at pc and removes the block from the records. It returns the
// memory that must go back upstream.
func (o *owner) end(pc uintptr, at *callsite.Stack) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.freed {
		o.heap.records.refused()
		return nil, o.last.misfree(ErrDoubleFree, o.addr, at)
	}
	o.freed, o.last = true, block{freed: *at}
	o.leakGuard.Stop()
	o.stamp.EndsAt(pc)
	o.epoch.End()
	if o.addr == 0 {
		return nil, nil
	}
	removed, err := o.heap.records.remove(o.addr, byWorkspace, false, at)
	if err != nil {
		return nil, err
	}
	o.last = removed
	o.last.mem = nil
	return removed.mem, nil
}
