package corpus

import (
	"context"
	"errors"

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
func onSource(src bumper.Source) func(Kind) error {
	return func(Kind) error {
		ctx := on(bumper.NewSlabBuffer(bumper.From(src)))
		return scope.Try(func() error { scope.Make[float64](ctx, 10); return errUnnoticed })
	}
}

// from makes an array with memory from an allocator that breaks its contract.
func from(alloc func(size, align uintptr) []byte) func(Kind) error {
	return func(Kind) error {
		allocarray.New[float64](on(newLiar(alloc)), 10)
		return errUnnoticed
	}
}

// asking asks for n elements.
func asking(n int) func(Kind) error {
	return func(Kind) error {
		return scope.Try(func() error { scope.Make[float64](bump(), n); return errUnnoticed })
	}
}

var allocators = []Program{
	{Name: "overlap", What: "an allocator that hands the same memory out twice", Pages: true, run: func(Kind) error {
		storage := make([]byte, 128)
		l := newLiar(func(size, _ uintptr) []byte { return storage[:size] })
		x, y := allocarray.Full(on(l), 7.0, 10), allocarray.Full(on(l), -1.0, 10)
		defer l.epoch.End()
		expect(allocarray.Sum(y) == -10, "the second array is wrong")
		return at(x)
	}},
	{Name: "short", What: "an allocator that gives too little", Cut: "alignment",
		run: from(func(size, _ uintptr) []byte { return make([]byte, size-1) })},
	{Name: "misaligned", What: "an allocator that gives a misaligned block", Cut: "alignment",
		run: from(func(size, _ uintptr) []byte { return make([]byte, size+64)[1 : size+1] })},
	{Name: "no-memory-no-error", What: "an allocator that gives nothing and no error", Cut: "alignment",
		run: from(func(uintptr, uintptr) []byte { return nil })},
	{Name: "short-source", What: "a Source that gives too little", run: onSource(short{bumper.GoHeap()})},
	{Name: "misaligned-source", What: "a Source that gives misaligned storage", run: onSource(shifted{bumper.GoHeap()}), Cut: "contract"},
	{Name: "panicking-source", What: "a Source that panics: the panic goes on", run: onSource(broken{})},
	{Name: "pointer-type", What: "an element type that contains pointers",
		run: func(Kind) error { scope.Make[holder](bump(), 1); return errUnnoticed }},
	{Name: "no-rewrap", What: "a wrapper without Rewrap around a shared buffer", run: func(Kind) error {
		w := noRewrap{locked.Share(bumper.NewSlabBuffer())}
		return scope.NoEscape(on(w), func(context.Context) error { return errUnnoticed })
	}},
	{Name: "nil", What: "WithAllocator with nil",
		run: func(Kind) error { scope.WithAllocator(context.Background(), nil); return errUnnoticed }},
	{Name: "negative", What: "a negative length", run: asking(-1)},
	{Name: "overflow", What: "a length whose size in bytes overflows", run: asking(int(^uint(0) >> 1)), Cut: "out of memory"},
}
