package corpus

import (
	"context"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Kind is a mode of memory.
type Kind string

// The kinds of memory. Buffers of all but Locked are for one goroutine, unless a
// program shares them.
const (
	Any       Kind = "" // for programs that bring their own
	Plain     Kind = "plain"
	Locked    Kind = "locked"
	Isolating Kind = "isolating"
	OffHeap   Kind = "off-heap"
)

// Kinds are the kinds of memory of most programs. The shared ones are those of which a buffer behind a
// lock is tried, the unlocked ones those of which one without is.
var (
	Kinds    = []Kind{Plain, Locked, Isolating, OffHeap}
	shared   = []Kind{Locked, Isolating, OffHeap}
	unlocked = []Kind{Plain, Isolating, OffHeap}
)

// A buffer is a buffer of one kind and the context that carries it.
type buffer struct {
	ctx   context.Context
	slabs *bumper.SlabBuffer
	front *locked.Buffer // nil for a buffer without a lock
}

// new returns memory of the kind.
func (k Kind) new(opts ...bumper.SlabOption) *buffer {
	if k == Locked {
		return k.share(opts...)
	}
	buf := k.slabs(opts...)
	return &buffer{ctx: on(buf), slabs: buf}
}

// share returns memory of the kind that goroutines may share.
func (k Kind) share(opts ...bumper.SlabOption) *buffer {
	buf := k.slabs(opts...)
	front := locked.Share(buf)
	return &buffer{ctx: on(front), slabs: buf, front: front}
}

func (k Kind) slabs(opts ...bumper.SlabOption) *bumper.SlabBuffer {
	switch k {
	case Isolating:
		opts = append(opts, bumper.Isolating())
	case OffHeap:
		heap, err := newHeap()
		if err != nil {
			panic(err)
		}
		opts = append(opts, bumper.From(heap))
	}
	return bumper.NewSlabBuffer(opts...)
}

// newHeap returns a heap of mapped pages; errSkipped if there are none on this system.
func newHeap() (*offheap.Heap, error) {
	heap := offheap.NewHeap("request", nil)
	probe, err := heap.Alloc(1)
	if err != nil {
		return nil, errSkipped
	}
	return heap, heap.Free(probe)
}

// reset releases everything.
func (m *buffer) reset() error {
	if m.front != nil {
		return m.front.Reset()
	}
	return m.slabs.Reset()
}

// on returns a context with an allocator.
func on(a scope.Allocator) context.Context {
	return scope.WithAllocator(context.Background(), a)
}

// bump returns a context with a buffer of its own.
func bump() context.Context { return on(bumper.NewSlabBuffer()) }

// All returns all kinds of memory, in the order of the columns of tables.
func All() []Kind { return releasing }
