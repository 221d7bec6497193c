package handshake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// A Refuser is what claims wait for: part of a limit, or of a buffer. The zero value is
// ready; it must not be copied.
type Refuser struct {
	waiting atomic.Int64 // claims that wait for it
	called  atomic.Bool  // a goroutine is about to try them
}

// A Claim is a request for memory that can wait.
type Claim interface {
	// Try satisfies the claim or returns why not, and who refused it: nil if waiting is
	// futile. It holds nothing new if it fails.
	Try() (*Refuser, error)

	// Under reports whether the claim may be refused by that refuser.
	Under(*Refuser) bool
}

// MaxWaiting is how many claims wait for one refuser at the most.
const MaxWaiting = 1024

// ErrQueueFull says that MaxWaiting claims wait already.
var ErrQueueFull = errors.New("too many wait already")

// The queue of all claims that wait, the oldest first. Claims that wait for different
// refusers do not wait for one another; but one that may be refused by somebody for whom
// an older claim waits is not tried before that.
//
// A refuser's claims are tried by goroutines that its users start. So no goroutine in a
// bubble of testing/synctest is woken by one outside, unless they share a limit or a buffer.
var queue struct {
	waiting atomic.Int64 // claims in the list or about to be
	mu      sync.Mutex   // held while claims are tried
	list    []*waiter
}

// A waiter is a claim in the queue.
type waiter struct {
	claim   Claim
	refuser *Refuser   // who refused it last, or for whom an older one waits
	err     error      // why it was refused
	done    chan error // gets nil when the claim is satisfied, or why waiting is futile
}

// Freed tells those who wait that memory, or room below a limit, has become free. It may
// be called with locks held, and costs one load if nobody waits.
func (r *Refuser) Freed() {
	if r.waiting.Load() > 0 && r.called.CompareAndSwap(false, true) {
		go r.serve()
	}
}

// Wait tries c until it is satisfied, in turn with other claims; or until ctx is done. If
// mayWait returns an error, it tries once.
func Wait(ctx context.Context, c Claim, mayWait func() error) error {
	if queue.waiting.Load() == 0 {
		refuser, err := c.Try()
		if err == nil || refuser == nil {
			return err
		}
		if futile := mayWait(); futile != nil {
			return fmt.Errorf("%w: %w", futile, err)
		}
	}
	queue.waiting.Add(1)
	defer queue.waiting.Add(-1)
	w := &waiter{claim: c, done: make(chan error, 1)}
	if err, over := w.enter(mayWait); over {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return w.quit(context.Cause(ctx))
	}
}

// enter tries the claim behind all that wait, and puts it into the queue if it is to wait.
func (w *waiter) enter(mayWait func() error) (err error, over bool) {
	queue.mu.Lock()
	defer queue.mu.Unlock()
	var refuser *Refuser
	for _, older := range queue.list {
		if w.claim.Under(older.refuser) {
			refuser, w.err = older.refuser, older.err
			break
		}
	}
	if refuser == nil {
		if refuser, w.err = w.claim.Try(); w.err == nil || refuser == nil {
			return w.err, true
		}
	}
	if futile := mayWait(); futile != nil {
		return fmt.Errorf("%w: %w", futile, w.err), true
	}
	if refuser.waiting.Load() >= MaxWaiting {
		return fmt.Errorf("%w: %w", ErrQueueFull, w.err), true
	}
	queue.list = append(queue.list, w)
	w.waitFor(refuser)
	return nil, false
}

// waitFor makes w wait for a refuser, who may have become free just before: it is asked
// again. queue.mu is held.
func (w *waiter) waitFor(r *Refuser) {
	if w.refuser != nil {
		w.refuser.waiting.Add(-1)
	}
	w.refuser = r
	r.waiting.Add(1)
	r.Freed()
}

// quit takes w out of the queue, unless it has been served meanwhile.
func (w *waiter) quit(cause error) error {
	queue.mu.Lock()
	i := slices.Index(queue.list, w)
	if i < 0 {
		queue.mu.Unlock()
		return <-w.done
	}
	queue.list = slices.Delete(queue.list, i, i+1)
	w.refuser.waiting.Add(-1)
	queue.mu.Unlock()
	w.refuser.Freed() // those behind it may be luckier
	return fmt.Errorf("%w while waiting for memory: %w", cause, w.err)
}

// serve tries the claims that wait for r, the oldest first.
func (r *Refuser) serve() {
	queue.mu.Lock()
	defer queue.mu.Unlock()
	r.called.Store(false)
	var blocked []*Refuser // for whom older claims wait
	queue.list = slices.DeleteFunc(queue.list, func(w *waiter) bool {
		if w.refuser == r && w.serve(blocked) {
			w.refuser.waiting.Add(-1)
			return true
		}
		if !slices.Contains(blocked, w.refuser) {
			blocked = append(blocked, w.refuser)
		}
		return false
	})
}

// serve tries a claim, unless an older one waits for one who may refuse it, and reports
// whether it is over.
func (w *waiter) serve(blocked []*Refuser) bool {
	for _, refuser := range blocked {
		if w.claim.Under(refuser) {
			if refuser != w.refuser {
				w.waitFor(refuser)
			}
			return false
		}
	}
	refuser, err := w.claim.Try()
	if err == nil || refuser == nil {
		w.done <- err
		return true
	}
	if w.err = err; refuser != w.refuser {
		w.waitFor(refuser)
	}
	return false
}
