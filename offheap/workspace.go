package offheap

import (
	"context"
	"reflect"
	"runtime"

	"github.com/allocarrays/allocarrays-go/scope"
)

// A Workspace owns n elements of T outside the Go heap, until Free. For code that
// has a context, a buffer on a [Heap] is simpler; a Workspace is for the one large
// piece that is made here and freed there.
//
//	w, err := offheap.Make[float64](heap, n)
//	if err != nil {
//		return err
//	}
//	defer w.Free()
//	use(w.Data())
//
// # The net
//
// A Workspace that is forgotten is reclaimed once the garbage collector notices,
// which takes up to two cycles and, for something so small, may not happen for a
// long time. It is then reported as a leak: see [OnError] and [Heap.Check].
//
// # The trap
//
// The slice that Data returns is not Go memory and does not keep the Workspace
// alive. If the last use of the Workspace is to get the slice, the net may reclaim
// the memory while the slice is in use, and the next access ends the program. Always
// have a Free (or a runtime.KeepAlive) behind the last use of the slice, as defer
// does. Arrays do not have this trap: the scope.Stamp in them keeps the owner of
// their memory alive. Whoever builds such a type on a Workspace keeps its Stamp.
//
// Free and Data may be called by several goroutines, but what uses the slice must be
// done before Free is called.
type Workspace[T any] struct {
	owner *owner
	data  []T
}

// Make returns a workspace of n zeros. The error matches scope.ErrExhausted, and
// what the upstream source said. As scope.Make, it panics if T contains a pointer,
// or n is negative.
func Make[T any](h *Heap, n int) (*Workspace[T], error) {
	o := newOwner(h, reflect.TypeFor[T](), n)
	data, _, err := scope.Alloc[T](scope.WithAllocator(context.Background(), o), n)
	if err != nil {
		return nil, err
	}
	if !h.upstream.zeroed {
		clear(data)
	}
	o.guard()
	return &Workspace[T]{o, data}, nil
}

// Data returns the elements. It panics with a scope.StaleError after Free, and
// after the heap was closed. See Workspace for how long the slice may be used.
func (w *Workspace[T]) Data() []T {
	w.owner.requireLive("Data")
	runtime.KeepAlive(w)
	return w.data
}

// Len returns the number of elements.
func (w *Workspace[T]) Len() int { return len(w.data) }

// Stamp returns the stamp of the workspace: live until Free. It keeps the workspace
// from being reclaimed by the net.
func (w *Workspace[T]) Stamp() scope.Stamp { return w.owner.stamp }

// Free gives the memory back at once. Freeing again is a [FreeError] with all
// stacks, even when the address has been handed out again; so is freeing after the
// heap was closed.
func (w *Workspace[T]) Free() error { return w.owner.free() }
