package bumper

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/poison"
)

// store is a buffer's account with its source.
type store struct {
	source Source
	limit  int // the most that may be held; 0 means no limit
	held   int // bytes acquired and not released; see holds
	pieces int
	prompt bool       // empty storage goes back when a scope ends
	leaks  *leakGuard // nil unless the source reports leaks

	isolated *collected // the source of an isolating buffer, which keeps the limit; or nil
}

func newStore() store { return store{source: goHeap{}} }

// errLimit is the cause when a buffer has reached its own limit.
var errLimit = fmt.Errorf("bumper: limit of the buffer reached")

// acquire takes at least n bytes from the source, or changes nothing.
func (s *store) acquire(n int) ([]byte, error) {
	if s.isolated == nil && s.limit > 0 && n > s.limit-s.held {
		return nil, errLimit
	}
	mem, err := s.source.Acquire(n)
	if err != nil {
		return nil, err
	}
	if len(mem) < n || address(mem)%64 != 0 {
		return nil, fmt.Errorf("bumper: source %T broke its contract: %d bytes for %d at %#x", s.source, len(mem), n, address(mem))
	}
	if s.isolated == nil && s.limit > 0 && len(mem) > s.limit-s.held { // more than was asked for
		s.source.Release(mem)
		return nil, errLimit
	}
	s.held += len(mem)
	s.pieces++
	s.leaks.add(mem)
	return mem, nil
}

func (s *store) release(mem []byte) {
	s.held -= len(mem)
	s.pieces--
	s.leaks.remove(mem)
	poison.Unpoison(mem) // its next owner knows nothing of us
	s.source.Release(mem)
}

// room returns how much may still be acquired, or fallback if there is no limit.
func (s *store) room(fallback int) int {
	if s.limit > 0 {
		return max(s.limit-s.holds(), 0)
	}
	return fallback
}

// roomAtOnce is room, but nothing if that is less than the source hands out at least.
func (s *store) roomAtOnce() int {
	room := s.room(0)
	if s.isolated != nil && room < leastCollected {
		return 0
	}
	return room
}

// holds returns how many bytes the buffer holds; isolated memory counts until the garbage
// collector has found it free.
func (s *store) holds() int {
	if s.isolated != nil {
		return s.isolated.size()
	}
	return s.held
}

// isolate sets a source that reuses memory only when nothing refers to it.
func (s *store) isolate() {
	s.isolated = &collected{limit: s.limit}
	s.source = s.isolated
}

// releaseAll empties list from index from on, keeping its capacity.
func (s *store) releaseAll(list [][]byte, from int) [][]byte {
	for _, mem := range list[from:] {
		s.release(mem)
	}
	clear(list[from:])
	return list[:from]
}

// poisonFrom poisons all bytes in list from the first position up to the last.
func poisonFrom(list [][]byte, first, firstOff, last, lastOff int) {
	for i := first; i <= last && i < len(list); i++ {
		from, to := 0, len(list[i])
		if i == first {
			from = firstOff
		}
		if i == last {
			to = lastOff
		}
		poison.Poison(list[i][from:to])
	}
}

// closed is the source of a buffer after Close.
type closed struct{}

func (closed) Acquire(int) ([]byte, error) { return nil, ErrClosed }

func (closed) Release([]byte) {}

// isClosed reports whether the buffer was closed.
func (s *store) isClosed() bool {
	_, is := s.source.(closed)
	return is
}

// A leakGuard reports the storage of a buffer that is collected without having been
// closed. It must not refer to the buffer. A nil leakGuard does nothing.
type leakGuard struct {
	source LeakReporter
	where  string
	held   [][]byte
}

// watch makes a leak guard report the storage of s if owner, its buffer, is collected
// before the storage is released. Every stamp keeps its buffer reachable, so this never
// happens while an array on the buffer is reachable.
func watch[T any](owner *T, s *store) {
	source, ok := s.source.(LeakReporter)
	if !ok {
		return
	}
	s.leaks = &leakGuard{source: source, where: callsite.Place(callsite.Caller(2))}
	runtime.AddCleanup(owner, (*leakGuard).report, s.leaks)
}

func (g *leakGuard) add(mem []byte) {
	if g != nil {
		g.held = append(g.held, mem)
	}
}

func (g *leakGuard) remove(mem []byte) {
	if g != nil {
		g.held = slices.DeleteFunc(g.held, func(m []byte) bool { return &m[0] == &mem[0] })
	}
}

func (g *leakGuard) report() {
	for _, mem := range g.held {
		g.source.Leaked(mem, g.where)
	}
}
