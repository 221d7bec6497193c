package bumper

import "errors"

// ErrClosed: the buffer was closed before. It is also the cause in the error of an
// allocation from a closed buffer.
var ErrClosed = errors.New("bumper: buffer is closed")

// closed is the source of a buffer after Close.
type closed struct{}

func (closed) Acquire(int) ([]byte, error) { return nil, ErrClosed }

func (closed) Release([]byte) {}

// isClosed reports whether the buffer was closed.
func (s *store) isClosed() bool {
	_, is := s.source.(closed)
	return is
}

// Close releases everything, as Reset does and under the same conditions, and gives
// the storage back to its source. Later allocations fail with an error that matches
// scope.ErrExhausted and [ErrClosed]; a second Close returns ErrClosed.
//
// A buffer on the Go heap need not be closed.
func (b *AllocBuffer) Close() error {
	if b.store.isClosed() {
		return ErrClosed
	}
	return b.levels.Reset(func() {
		_ = b.rewind(0, nil)
		b.drop()
		b.mem, b.store.source = nil, closed{}
	})
}

// Close is as for [AllocBuffer.Close].
func (b *SlabBuffer) Close() error {
	if b.store.isClosed() {
		return ErrClosed
	}
	return b.levels.Reset(func() {
		_ = b.rewind(slabMark{}, nil)
		b.Trim()
		b.store.source = closed{}
	})
}

// Close is as for [AllocBuffer.Close].
func (b *AutoscalingBuffer) Close() error {
	if b.store.isClosed() {
		return ErrClosed
	}
	return b.levels.Reset(func() {
		_ = b.rewind(pieceMark{}, nil)
		b.Trim()
		b.store.source = closed{}
	})
}
