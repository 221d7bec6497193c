package misuse_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// liar is an allocator of a third party's that breaks its contract: alloc decides how.
type liar struct {
	alloc func(size, align uintptr) []byte
	epoch *memory.Epoch
}

func newLiar(alloc func(size, align uintptr) []byte) *liar {
	l := &liar{alloc: alloc}
	l.epoch = memory.NewEpoch(l)
	return l
}

func (l *liar) Alloc(size, align uintptr) (memory.Block, error) {
	return memory.NewBlock(l.alloc(size, align), l.epoch.Stamp()), nil
}

func (l *liar) context() context.Context { return scope.WithAllocator(context.Background(), l) }

// half-hearted wrappers and sources.
type (
	noRewrap struct{ scope.Allocator }
	short    struct{ bumper.Source }
	shifted  struct{ bumper.Source }
	broken   struct{ bumper.Source }
)

func (w noRewrap) Unwrap() scope.Allocator { return w.Allocator }

func (s short) Acquire(size int) ([]byte, error) {
	mem, err := s.Source.Acquire(size)
	return mem[:size-1], err
}

func (s shifted) Acquire(size int) ([]byte, error) {
	mem, err := s.Source.Acquire(size + 8)
	return mem[8:], err
}

func (broken) Acquire(int) ([]byte, error) { panic(errors.New("the source panics")) }

// onSource allocates from a buffer on src.
func onSource(src bumper.Source) func(*testing.T) error {
	return func(*testing.T) error {
		ctx := on(bumper.NewSlabBuffer(bumper.From(src)))
		return scope.Try(func() error { scope.Make[float64](ctx, 10); return nil })
	}
}

var allocators = []mistake{
	{name: "overlap", what: "an allocator that hands the same memory out twice (without guard mode: not noticed)", promise: rightInGuard,
		program: func(t *testing.T) error {
			storage := make([]byte, 128)
			l := newLiar(func(size, _ uintptr) []byte { return storage[:size] })
			x, y := allocarray.Full(l.context(), 1.0, 10), allocarray.Full(l.context(), 2.0, 10)
			require.Equal(t, 10.0, allocarray.Sum(x))
			require.Equal(t, 20.0, allocarray.Sum(y))
			l.epoch.End()
			return nil
		}},
	{name: "short", what: "an allocator that gives too little", promise: always, message: "scope: allocator broke its contract: block of 79 bytes at ADDRESS for 10 elements of size 8, alignment ",
		program: func(*testing.T) error {
			l := newLiar(func(size, _ uintptr) []byte { return make([]byte, size-1) })
			allocarray.New[float64](l.context(), 10)
			return nil
		}},
	{name: "misaligned", what: "an allocator that gives a misaligned block", promise: always, message: "scope: allocator broke its contract: block of 80 bytes at ADDRESS for 10 elements of size 8, alignment ",
		program: func(*testing.T) error {
			l := newLiar(func(size, _ uintptr) []byte { return make([]byte, size+64)[1 : size+1] })
			allocarray.New[float64](l.context(), 10)
			return nil
		}},
	{name: "no-memory-no-error", what: "an allocator that gives nothing and no error", promise: always, message: "scope: allocator broke its contract: block of 0 bytes at ADDRESS for 10 elements of size 8, alignment ",
		program: func(*testing.T) error {
			l := newLiar(func(uintptr, uintptr) []byte { return nil })
			allocarray.New[float64](l.context(), 10)
			return nil
		}},
	{name: "short-source", what: "a Source that gives too little", promise: always, program: onSource(short{bumper.GoHeap()}),
		message: "bumper.SlabBuffer: out of memory: 80 bytes requested, 0 available, limit 0: bumper: source misuse_test.short broke its contract: 79 bytes for 80 at ADDRESS"},
	{name: "misaligned-source", what: "a Source that gives misaligned storage", promise: always, program: onSource(shifted{bumper.GoHeap()}),
		message: "bumper.SlabBuffer: out of memory: 80 bytes requested, 0 available, limit 0: bumper: source misuse_test.shifted broke its contract: "},
	{name: "panicking-source", what: "a Source that panics", promise: always, message: "the source panics", program: onSource(broken{})},
	{name: "pointer-type", what: "an element type that contains pointers", promise: always,
		message: "scope: element type misuse_test.holder contains a pointer (misuse_test.holder.array.data is a slice): the garbage collector does not see pointers in a buffer",
		program: func(*testing.T) error { scope.Make[holder](bump(), 1); return nil }},
	{name: "no-rewrap", what: "a wrapper without Rewrap around a shared buffer", promise: always,
		message: "scope: misuse_test.noRewrap has Unwrap but no Rewrap: allocations in a private region would bypass it",
		program: func(*testing.T) error {
			w := noRewrap{locked.Share(bumper.NewSlabBuffer())}
			return scope.NoEscape(scope.WithAllocator(context.Background(), w), func(context.Context) error { return nil })
		}},
	{name: "nil", what: "WithAllocator with nil", promise: always, message: "scope: WithAllocator with a nil Allocator; the Go heap is scope.Heap()",
		program: func(*testing.T) error { scope.WithAllocator(context.Background(), nil); return nil }},
	{name: "negative", what: "a negative length", promise: always, message: "scope: length -1 is negative",
		program: func(*testing.T) error { scope.Make[float64](bump(), -1); return nil }},
	{name: "overflow", what: "a length whose size in bytes overflows", promise: always, message: "scope: out of memory: ",
		program: func(*testing.T) error {
			return scope.Try(func() error { scope.Make[float64](bump(), int(^uint(0)>>1)); return nil })
		}},
}
