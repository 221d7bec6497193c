package handshake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// A Claim is a request for memory that can wait.
type Claim interface {
	// Try satisfies the claim or returns why not, and who refused it: nil if waiting is
	// futile. It holds nothing new if it fails.
	Try() (refuser any, err error)

	// Under reports whether the claim may be refused by that refuser.
	Under(refuser any) bool
}

// MaxWaiting is how many claims wait for one refuser at the most.
const MaxWaiting = 1024

// ErrQueueFull says that MaxWaiting claims wait already.
var ErrQueueFull = errors.New("too many wait already")

// The queue of all claims that wait, the oldest first. Claims that wait for different
// refusers do not wait for one another; but one that may be refused by somebody for whom
// an older claim waits is not tried before that.
var queue struct {
	waiting atomic.Int64 // claims in the list or about to be
	called  atomic.Bool  // a goroutine is about to try them

	mu   sync.Mutex // held while claims are tried
	list []*waiter
}

// A waiter is a claim in the queue.
type waiter struct {
	claim   Claim
	refuser any        // who refused it last
	err     error      // and why
	done    chan error // gets nil when the claim is satisfied, or why waiting is futile
}

// Freed tells those who wait that memory or room below a limit has become free. It may
// be called with locks held, and costs one load if nobody waits.
func Freed() {
	if queue.waiting.Load() > 0 && queue.called.CompareAndSwap(false, true) {
		go serveQueue()
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
	for _, older := range queue.list {
		if w.claim.Under(older.refuser) {
			w.refuser, w.err = older.refuser, older.err
			break
		}
	}
	if w.refuser == nil {
		if w.refuser, w.err = w.claim.Try(); w.err == nil || w.refuser == nil {
			return w.err, true
		}
	}
	if futile := mayWait(); futile != nil {
		return fmt.Errorf("%w: %w", futile, w.err), true
	}
	same := 0
	for _, other := range queue.list {
		if other.refuser == w.refuser {
			same++
		}
	}
	if same >= MaxWaiting {
		return fmt.Errorf("%w: %w", ErrQueueFull, w.err), true
	}
	queue.list = append(queue.list, w) // what has become free since Try calls serveQueue
	return nil, false
}

// quit takes w out of the queue, unless it has been served meanwhile.
func (w *waiter) quit(cause error) error {
	queue.mu.Lock()
	i := slices.Index(queue.list, w)
	if i >= 0 {
		queue.list = slices.Delete(queue.list, i, i+1)
	}
	err := w.err
	queue.mu.Unlock()
	if i < 0 {
		return <-w.done
	}
	Freed() // those behind it may be luckier
	return fmt.Errorf("%w while waiting for memory: %w", cause, err)
}

// serveQueue tries the claims that wait, the oldest first.
func serveQueue() {
	queue.mu.Lock()
	defer queue.mu.Unlock()
	queue.called.Store(false)
	var blocked []any
	queue.list = slices.DeleteFunc(queue.list, func(w *waiter) bool { return w.serve(&blocked) })
}

// serve tries a claim, unless an older one waits for the same refuser, and reports
// whether it is over.
func (w *waiter) serve(blocked *[]any) bool {
	for _, refuser := range *blocked {
		if w.claim.Under(refuser) {
			return false
		}
	}
	refuser, err := w.claim.Try()
	if err != nil && refuser != nil {
		w.refuser, w.err = refuser, err
		*blocked = append(*blocked, refuser)
		return false
	}
	w.done <- err
	return true
}
