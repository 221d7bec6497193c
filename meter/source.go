package meter

import (
	"github.com/allocarrays/allocarrays-go/bumper"
)

// Source returns a source that takes storage from src and charges it to l, for the buffers
// of package bumper:
//
//	buf := bumper.NewSlabBuffer(bumper.From(meter.Source(tenant, bumper.GoHeap())))
//
// The buffer is charged for all the storage that it holds, and discharged when it gives
// storage back, is closed, or is collected without having been closed. It is as safe for
// concurrent use as src. It panics if l or src is nil.
//
// bumper.Isolating replaces the source of a buffer, and with it the limit.
func Source(l *Limit, src bumper.Source) bumper.Source {
	if l == nil || src == nil {
		panic("meter: Source with a nil Limit or Source")
	}
	s := &source{limit: l, Source: src}
	if d, ok := src.(bumper.Discarder); ok {
		return discarder{s, d}
	}
	return s
}

type source struct {
	bumper.Source
	limit *Limit
}

// Acquire charges what it returns, which may be more than size.
func (s *source) Acquire(size int) ([]byte, error) {
	if _, refusal := s.limit.charge(size, size, 0); refusal != nil {
		countRefusal(refusal)
		return nil, refusal
	}
	mem, err := s.Source.Acquire(size)
	if err != nil {
		s.limit.discharge(size)
		return nil, err
	}
	more := len(mem) - size
	if more <= 0 { // the buffer finds out that it is less
		s.limit.discharge(-more)
		return mem, nil
	}
	if _, refusal := s.limit.charge(more, more, 0); refusal != nil {
		s.Source.Release(mem)
		s.limit.discharge(size)
		countRefusal(refusal)
		return nil, refusal
	}
	return mem, nil
}

func (s *source) Release(mem []byte) {
	s.Source.Release(mem)
	s.limit.discharge(len(mem))
}

// Leaked is called for storage that a collected buffer held: also that of the Go heap,
// which the collector frees but the limit would go on to count.
func (s *source) Leaked(mem []byte, where string) {
	s.limit.discharge(len(mem))
	if r, ok := s.Source.(bumper.LeakReporter); ok {
		r.Leaked(mem, where)
	}
}

// discarder is a source whose memory can go back without its addresses, which are charged
// all the same.
type discarder struct {
	*source
	inner bumper.Discarder
}

func (d discarder) Discard(mem []byte) { d.inner.Discard(mem) }
