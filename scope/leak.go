package scope

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
)

var (
	leaks    atomic.Uint64
	onLeak   atomic.Pointer[func(place string)]
	reported sync.Map // uintptr → struct{}
)

// Leaks returns how many scopes the garbage collector has found that [Open] opened and
// that nobody ended.
func Leaks() uint64 { return leaks.Load() }

// OnLeak sets the function that is called for each [Scope] that was never ended, with the
// place of the call of [Open] as file:line (function). It is called in a goroutine of its
// own. A test may fail in it, once a garbage collection has run.
//
// The default, which nil stands for, logs each place once, as a warning, with the default
// logger of log/slog; once more after another call of OnLeak.
func OnLeak(report func(place string)) {
	reported.Clear()
	if report == nil {
		onLeak.Store(nil)
		return
	}
	onLeak.Store(&report)
}

// abandoned is the cleanup of a Scope. The end of a region may wait for a lock, and a
// report for anything: cleanups must not.
func abandoned(l *life) {
	if l.state.Load() != ended {
		go l.abandon()
	}
}

// abandon ends a scope whose Scope and context are garbage, unless End was called in time.
func (l *life) abandon() {
	switch {
	case l.checkpointer == nil:
		l.released = make(chan struct{})
		l.end(lost, l.opened)
		close(l.released)
		l.parent.remove(l)
	case l.level.Live():
		l.finish(lost)
		if l.sharing != nil {
			l.sharing.Abandoned.Add(func() bool { return l.tryRestore(l.opened) })
		}
	default:
		l.finish(ended) // a NoEscape found it
	}
	if l.state.Load() != lost {
		return
	}
	leaks.Add(1)
	if report := onLeak.Load(); report != nil {
		(*report)(callsite.Place(l.opened))
	} else if _, again := reported.LoadOrStore(l.opened, struct{}{}); !again {
		slog.Warn("scope: a Scope was never ended", "opened", callsite.Place(l.opened))
	}
}
