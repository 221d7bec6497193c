package stale

import (
	"context"
	"slices"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badEnd(ctx context.Context) float64 {
	ctx, s := scope.Open(ctx)
	x := scope.Make[float64](ctx, 3)
	_ = s.End()
	return x[0]
}

func badEndArray(ctx context.Context, x array) float64 {
	ctx, s := scope.Open(ctx)
	y := allocarray.Abs(ctx, x)
	if err := s.End(); err != nil {
		return 0
	}
	return allocarray.Sum(y)
}

func badEndOnePath(ctx context.Context, done bool) float64 {
	ctx, s := scope.Open(ctx)
	defer s.End()
	x := scope.Make[float64](ctx, 3)
	if done {
		_ = s.End()
	}
	return lib.Sum(x)
}

func badEndCaptured(ctx context.Context) (v float64) {
	ctx, s := scope.Open(ctx)
	x := scope.Make[float64](ctx, 3)
	get := func() float64 { return x[0] }
	_ = s.End()
	return get()
}

func badReset() float64 {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	x := scope.Make[float64](ctx, 3)
	_ = buf.Reset()
	return x[0]
}

func badResetInLoop(n int) (s float64) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	x := scope.Make[float64](ctx, 3)
	for range n {
		s += x[0]
		_ = buf.Reset()
	}
	return s
}

func badResetHelper(buf *bumper.SlabBuffer) float64 {
	x := allocarray.New[float64](scope.WithAllocator(context.Background(), buf), 3)
	release(buf)
	return x.At(0)
}

func release(b bumper.Buffer) { _ = b.Reset() }

func badClose() float64 {
	buf := bumper.NewAllocBuffer(1 << 10)
	x := scope.Make[float64](scope.WithAllocator(context.Background(), buf), 3)
	_ = buf.Close()
	return lib.Sum(x)
}

func badRestore(buf *bumper.SlabBuffer) float64 {
	ctx := scope.WithAllocator(context.Background(), buf)
	cp := buf.Checkpoint()
	x := scope.Make[float64](ctx, 3)
	_ = buf.Restore(cp)
	return x[1]
}

func badRestoreWrite(buf *bumper.SlabBuffer) {
	ctx := scope.WithAllocator(context.Background(), buf)
	cp := buf.Checkpoint()
	x := scope.Make[float64](ctx, 3)
	_ = buf.Restore(cp)
	x[1] = 3
}

func badAllocAfterClose() []float64 {
	buf := bumper.NewAllocBuffer(1 << 10)
	ctx := scope.WithAllocator(context.Background(), buf)
	_ = buf.Close()
	return scope.Make[float64](ctx, 3)
}

func badCloseTwice() error {
	buf := bumper.NewAllocBuffer(1 << 10)
	_ = buf.Close()
	return buf.Close()
}

func badRestoreTwice(buf *bumper.SlabBuffer) error {
	cp := buf.Checkpoint()
	_ = buf.Restore(cp)
	return buf.Restore(cp)
}

func badWorkspace(h *offheap.Heap) float64 {
	w, err := offheap.Make[float64](h, 10)
	if err != nil {
		return 0
	}
	x := w.Data()
	_ = w.Free()
	return x[0]
}

func badFreeTwice(h *offheap.Heap) error {
	w, err := offheap.Make[float64](h, 10)
	if err != nil {
		return err
	}
	_ = w.Free()
	return w.Free()
}

func badHeapBlock(h *offheap.Heap) byte {
	mem, err := h.Alloc(10)
	if err != nil {
		return 0
	}
	_ = h.Free(mem)
	return mem[0]
}

func badView(ctx context.Context, x array) array {
	ctx, s := scope.Open(ctx)
	y := allocarray.Abs(ctx, x)
	row := y.Index(0, 1)
	_ = s.End()
	return row.Heap()
}

func badPrinted(ctx context.Context) {
	ctx, s := scope.Open(ctx)
	b := lib.NewBox(scope.Make[float64](ctx, 3))
	_ = s.End()
	println(b.Total())
}

func goodEnd(ctx context.Context) float64 {
	ctx, s := scope.Open(ctx)
	v := scope.Make[float64](ctx, 3)[0]
	_ = s.End()
	return v
}

func goodEndCopied(ctx context.Context) []float64 {
	ctx, s := scope.Open(ctx)
	x := slices.Clone(scope.Make[float64](ctx, 3))
	_ = s.End()
	return x
}

func goodEndLive(ctx context.Context, x array) bool {
	ctx, s := scope.Open(ctx)
	y := allocarray.Abs(ctx, x)
	_ = s.End()
	return y.Live()
}

func goodLoop(xs []array) (sum float64) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	for _, x := range xs {
		y := allocarray.Abs(ctx, x)
		sum += allocarray.Sum(y)
		_ = buf.Reset()
	}
	return sum
}

func goodAgain() float64 {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	x := scope.Make[float64](ctx, 3)
	x[0] = 1
	_ = buf.Reset()
	x = scope.Make[float64](ctx, 3)
	return x[0]
}

func goodBeforeCheckpoint(buf *bumper.SlabBuffer) float64 {
	ctx := scope.WithAllocator(context.Background(), buf)
	x := scope.Make[float64](ctx, 3)
	cp := buf.Checkpoint()
	y := scope.Make[float64](ctx, 3)
	copy(x, y)
	_ = buf.Restore(cp)
	return x[0]
}

func goodOtherBuffer() float64 {
	a, b := bumper.NewSlabBuffer(), bumper.NewSlabBuffer()
	x := scope.Make[float64](scope.WithAllocator(context.Background(), a), 3)
	_ = b.Reset()
	return x[0]
}

func goodCloseError() (err error) {
	buf := bumper.NewAllocBuffer(1 << 10)
	defer func() { _ = buf.Close() }()
	x := scope.Make[float64](scope.WithAllocator(context.Background(), buf), 3)
	x[0] = 1
	return nil
}

func goodWorkspace(h *offheap.Heap) (float64, error) {
	w, err := offheap.Make[float64](h, 10)
	if err != nil {
		return 0, err
	}
	defer w.Free()
	x := w.Data()
	return x[0], nil
}

func goodEndOnePath(ctx context.Context, done bool) float64 {
	ctx, s := scope.Open(ctx)
	defer s.End()
	x := scope.Make[float64](ctx, 3)
	if done {
		_ = s.End()
		return 0
	}
	return lib.Sum(x)
}

func goodReopened(ctx context.Context, xs []array) (sum float64) {
	for _, x := range xs {
		c, s := scope.Open(ctx)
		y := allocarray.Abs(c, x)
		sum += allocarray.Sum(y)
		_ = s.End()
	}
	return sum
}

func goodNested(ctx context.Context) float64 {
	ctx, outer := scope.Open(ctx)
	defer outer.End()
	x := scope.Make[float64](ctx, 3)
	inner, s := scope.Open(ctx)
	y := scope.Make[float64](inner, 3)
	copy(x, y)
	_ = s.End()
	return x[0]
}

func goodCloseBranches(fast bool) error {
	buf := bumper.NewAllocBuffer(1 << 10)
	if fast {
		return buf.Close()
	}
	return buf.Close()
}
