package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// A workspace is memory from a context that a layer needs while it computes. What it needs none of is not taken.
type workspace struct {
	work  Tensor
	table allocarray.AllocArray[int32]
}

func newWorkspace(ctx context.Context, floats, integers int) (w workspace) {
	if floats > 0 {
		w.work = w.work.Similar(ctx, floats)
	}
	if integers > 0 {
		w.table = w.table.Similar(ctx, integers)
	}
	return w
}

func (w *workspace) floats() []float32 {
	if w.work.Rank() == 0 {
		return nil
	}
	return w.work.Data()
}

func (w *workspace) integers() []int32 {
	if w.table.Rank() == 0 {
		return nil
	}
	return w.table.Data()
}

// release gives the memory back, if ctx's allocator takes it.
func (w *workspace) release(ctx context.Context) {
	if w.table.Rank() > 0 {
		release(ctx, w.table)
	}
	if w.work.Rank() > 0 {
		release(ctx, w.work)
	}
}
