package bumper

import (
	"fmt"
	"runtime"
	"slices"
)

// A Leaker is a [Source] of memory that the garbage collector does not know, and
// which must therefore be given back. A buffer that is collected while it holds
// such memory, because nobody called Close, reports each piece instead of releasing
// it; where says where the buffer was made.
type Leaker interface {
	Source
	Leaked(mem []byte, where string)
}

// net is what a buffer leaves behind when it is collected without having been
// closed. It must not refer to the buffer. A nil net does nothing.
type net struct {
	source Leaker
	where  string
	held   [][]byte
}

// watch reports the storage of s if owner, the buffer it belongs to, is collected
// before it was released. Every stamp keeps its buffer reachable, so that this
// never happens while an array on the buffer is.
func watch[T any](owner *T, s *store) {
	source, ok := s.source.(Leaker)
	if !ok {
		return
	}
	s.net = &net{source: source, where: caller(3)}
	runtime.AddCleanup(owner, (*net).report, s.net)
}

func (n *net) add(mem []byte) {
	if n != nil {
		n.held = append(n.held, mem)
	}
}

func (n *net) remove(mem []byte) {
	if n != nil {
		n.held = slices.DeleteFunc(n.held, func(m []byte) bool { return &m[0] == &mem[0] })
	}
}

func (n *net) report() {
	for _, mem := range n.held {
		n.source.Leaked(mem, n.where)
	}
}

// caller returns the place of the call skip frames up, as file:line.
func caller(skip int) string {
	_, file, line, ok := runtime.Caller(skip)
	if !ok {
		return "unknown"
	}
	return fmt.Sprintf("%s:%d", file, line)
}
