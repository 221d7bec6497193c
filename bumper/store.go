package bumper

import "fmt"

// store is a buffer's account with its source.
type store struct {
	source Source
	limit  int // the most that may be held; 0 means no limit
	held   int // bytes acquired and not released
	pieces int
	prompt bool // empty storage goes back when a scope ends
	net    *net // nil unless the source wants to know of leaks
}

func newStore() store { return store{source: goHeap{}} }

// errLimit is the cause of an ExhaustedError when the buffer's own limit is.
var errLimit = fmt.Errorf("bumper: limit of the buffer reached")

// acquire takes at least n bytes from the source, or changes nothing.
func (s *store) acquire(n int) ([]byte, error) {
	if s.limit > 0 && n > s.limit-s.held {
		return nil, errLimit
	}
	mem, err := s.source.Acquire(n)
	if err != nil {
		return nil, err
	}
	if len(mem) < n || address(mem)%64 != 0 {
		return nil, fmt.Errorf("bumper: source %T broke its contract: %d bytes for %d at %#x", s.source, len(mem), n, address(mem))
	}
	if s.limit > 0 && len(mem) > s.limit-s.held { // more than was asked for
		s.source.Release(mem)
		return nil, errLimit
	}
	s.held += len(mem)
	s.pieces++
	s.net.add(mem)
	return mem, nil
}

func (s *store) release(mem []byte) {
	s.held -= len(mem)
	s.pieces--
	s.net.remove(mem)
	claim(mem) // its next owner knows nothing of us
	s.source.Release(mem)
}

// room returns how much may still be acquired, or fallback if there is no limit.
func (s *store) room(fallback int) int {
	if s.limit > 0 {
		return s.limit - s.held
	}
	return fallback
}

// releaseAll empties list from index from on, keeping its capacity.
func (s *store) releaseAll(list [][]byte, from int) [][]byte {
	for _, mem := range list[from:] {
		s.release(mem)
	}
	clear(list[from:])
	return list[:from]
}

// announceFrom announces all bytes in list from the first position up to the last.
func announceFrom(list [][]byte, first, firstOff, last, lastOff int) {
	for i := first; i <= last && i < len(list); i++ {
		from, to := 0, len(list[i])
		if i == first {
			from = firstOff
		}
		if i == last {
			to = lastOff
		}
		announce(list[i][from:to])
	}
}
