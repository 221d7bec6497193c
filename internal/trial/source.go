package trial

import (
	"errors"
	"fmt"
	"unsafe"
)

var (
	// ErrSource is the error of a [Source] that was told to fail.
	ErrSource = errors.New("scopetest: the source has failed")
	// ErrRequest is matched by what Err says about a request that makes no sense.
	ErrRequest = errors.New("scopetest: no request for a source")
)

// A Source is a bumper.Source that keeps records: it fails the acquisitions it is
// told to, overwrites what is released, and notices a release of what it never
// gave. The zero value is ready.
type Source struct {
	Acquired int // calls of Acquire so far
	Refused  int // those that failed

	// The calls of Acquire from the FailFrom-th on, counted from 1, fail, and
	// those from the FailTo-th on no more. 0 and 0: none fails.
	FailFrom, FailTo int

	Extra    int   // bytes given beyond what was asked for
	Released int   // calls of Release
	Err      error // what the user did wrong

	held map[*byte]int
}

// Acquire returns 64-byte aligned memory full of junk.
func (s *Source) Acquire(size int) ([]byte, error) {
	s.Acquired++
	if s.FailFrom > 0 && s.Acquired >= s.FailFrom && (s.FailTo == 0 || s.Acquired < s.FailTo) {
		s.Refused++
		return nil, fmt.Errorf("acquisition %d of %d bytes: %w", s.Acquired, size, ErrSource)
	}
	if size <= 0 {
		s.Err = fmt.Errorf("%w: acquisition of %d bytes", ErrRequest, size)
	}
	if size <= 0 || size > 1<<30 {
		s.Refused++
		return nil, fmt.Errorf("acquisition of %d bytes: %w", size, ErrSource)
	}
	size += s.Extra
	mem := make([]byte, size+64)
	start := int(-uintptr(unsafe.Pointer(&mem[0])) & 63)
	mem = mem[start : start+size : start+size]
	spoil(mem)
	if s.held == nil {
		s.held = map[*byte]int{}
	}
	s.held[&mem[0]] = size
	return mem, nil
}

// Release takes mem back, which must be what Acquire returned.
func (s *Source) Release(mem []byte) {
	if size, ok := s.held[unsafe.SliceData(mem)]; !ok || size != len(mem) {
		s.Err = fmt.Errorf("%d bytes released that were not acquired so", len(mem))
		return
	}
	delete(s.held, &mem[0])
	s.Released++
	spoil(mem)
}

// Held returns how many bytes, in how many pieces, are acquired and not released.
func (s *Source) Held() (bytes, pieces int) {
	for _, n := range s.held {
		bytes += n
	}
	return bytes, len(s.held)
}

// Holds reports whether b lies in memory of the source that is not released.
func (s *Source) Holds(b []byte) bool {
	for p, n := range s.held {
		if Inside(b, unsafe.Slice(p, n)) {
			return true
		}
	}
	return false
}

// spoil overwrites mem with junk.
func spoil(mem []byte) {
	mem[0] = 0xDB
	for done := 1; done < len(mem); done *= 2 {
		copy(mem[done:], mem[:done])
	}
}
