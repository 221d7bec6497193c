package unrestored

import (
	"context"
	"errors"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

type array = allocarray.AllocArray[float64]

func badNever(buf *bumper.SlabBuffer) { _ = buf.Checkpoint() }

func badEarlyReturn(buf *bumper.SlabBuffer, x array) (float64, error) {
	ctx := scope.WithAllocator(context.Background(), buf)
	cp := buf.Checkpoint()
	s := allocarray.Sum(allocarray.Abs(ctx, x))
	if s > 1 {
		return 0, errors.New("large")
	}
	return s, buf.Restore(cp)
}

func badConditional(buf bumper.Buffer, keep bool) {
	cp := buf.Checkpoint()
	if !keep {
		_ = buf.Restore(cp)
	}
}

func badInterface(buf memory.Checkpointer) memory.Stamp {
	cp := buf.Checkpoint()
	return cp.Stamp
}

func badInner(buf *bumper.AllocBuffer) {
	outer := buf.Checkpoint()
	inner := buf.Checkpoint()
	println(inner.Live())
	_ = buf.Restore(outer)
}

func badLoop(buf *bumper.AllocBuffer, n int) {
	for range n {
		cp := buf.Checkpoint()
		if n > 3 {
			continue
		}
		_ = buf.Restore(cp)
	}
}

func badSwitch(buf *bumper.AllocBuffer, n int) error {
	cp := buf.Checkpoint()
	switch n {
	case 0:
		return buf.Restore(cp)
	case 1:
		return nil
	}
	return buf.Restore(cp)
}

func goodPair(buf *bumper.SlabBuffer) error {
	cp := buf.Checkpoint()
	return buf.Restore(cp)
}

func goodDeferred(buf *bumper.SlabBuffer, x array) float64 {
	cp := buf.Checkpoint()
	defer buf.Restore(cp)
	return allocarray.Sum(allocarray.Abs(scope.WithAllocator(context.Background(), buf), x))
}

func goodDeferredClosure(buf *bumper.SlabBuffer, x array) (s float64, err error) {
	cp := buf.Checkpoint()
	defer func() { err = buf.Restore(cp) }()
	return allocarray.Sum(allocarray.Abs(scope.WithAllocator(context.Background(), buf), x)), nil
}

func goodBothPaths(buf *bumper.SlabBuffer, ok bool) error {
	cp := buf.Checkpoint()
	if !ok {
		return buf.Restore(cp)
	}
	println("ok")
	return buf.Restore(cp)
}

func goodReturned(buf *bumper.SlabBuffer) memory.Checkpoint { return buf.Checkpoint() }

type session struct {
	buf *bumper.SlabBuffer
	cp  memory.Checkpoint
}

func (s *session) goodKept()        { s.cp = s.buf.Checkpoint() }
func (s *session) goodEnded() error { return s.buf.Restore(s.cp) }

func goodUnwind(buf *bumper.SlabBuffer) error {
	cp := buf.Checkpoint()
	return buf.Unwind(cp)
}

func restore(buf bumper.Buffer, cp memory.Checkpoint) { _ = buf.Restore(cp) }

func goodHelper(buf *bumper.SlabBuffer) {
	cp := buf.Checkpoint()
	restore(buf, cp)
}
