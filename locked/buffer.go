package locked

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Buffer is a bump buffer shared by goroutines; all its methods are safe for
// concurrent use. It has no checkpoints: [scope.NoEscape] opens a private region
// instead. There is one Buffer for each bumper.Buffer; see [New].
type Buffer struct {
	mu    sync.Mutex
	inner bumper.Buffer
	idle  chunkList // carved from inner, not used by a region
	spare []*region // regions whose life is over
	all   []*region // every region ever made
	stats Stats
	late  atomic.Uint64
}

var _ scope.Regioner = (*Buffer)(nil)

// New returns the front through which goroutines share buf: always the same for
// the same buf, so that all of them use one lock. As long as goroutines use the
// front, nothing else may call methods of buf but Reset and Restore, and these only
// while a region or group runs, when they are refused.
func New(buf bumper.Buffer) *Buffer {
	return buf.Sharing().Face(func() any { return &Buffer{inner: buf} }).(*Buffer)
}

// WithLockedBumper returns a context in which goroutines share buf: it is
// scope.WithAllocator(ctx, locked.New(buf)). For Stats and Reset call New(buf), which
// returns the same front.
func WithLockedBumper(ctx context.Context, buf bumper.Buffer) context.Context {
	return scope.WithAllocator(ctx, New(buf))
}

// Alloc allocates from the shared buffer itself; the block lives until the
// buffer is reset. See [scope.Allocator] for the contract.
func (b *Buffer) Alloc(size, align uintptr) (scope.Block, error) {
	b.mu.Lock()
	defer b.mu.Unlock() // also when misuse or the source panics
	return b.inner.Alloc(size, align)
}

// Reset releases everything in the buffer. While a region or a [Group] runs it
// returns an error that matches bumper.ErrHeld and changes nothing.
func (b *Buffer) Reset() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inner.Reset()
}

// OpenRegion opens a private region, which scope.NoEscape closes.
func (b *Buffer) OpenRegion() (scope.Region, scope.Life, bool) {
	b.inner.Sharing().Hold()
	r := b.openRegion()
	return r, r.begin(), true
}

// openRegion takes a region and enters it into the books. The buffer is held; it does
// not stay so if the buffer's own methods panic.
func (b *Buffer) openRegion() (r *region) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		if r == nil {
			b.inner.Sharing().Unhold()
		}
	}()
	r = b.takeRegion()
	b.stats.Open++
	b.stats.Peak = max(b.stats.Peak, b.stats.Open)
	b.stats.Regions++
	return r
}

// takeRegion returns a region whose life is over, or a new one.
func (b *Buffer) takeRegion() *region {
	last := len(b.spare) - 1
	if last < 0 {
		r := newRegion(b)
		b.all = append(b.all, r)
		return r
	}
	r := b.spare[last]
	b.spare = b.spare[:last]
	return r
}

// reclaim takes back what closed regions keep for their next scopes, when a buffer with
// a limit has run out; false if there was nothing. (One without ran out because its
// source failed, which is the caller's to hear.)
func (b *Buffer) reclaim() (some bool) {
	b.mu.Lock()
	all, limited := b.all[:len(b.all):len(b.all)], b.inner.Stats().Limit > 0
	b.mu.Unlock()
	if !limited {
		return false
	}
	for _, r := range all {
		some = r.giveUp() || some
	}
	return some
}

// putRegion takes a region back whose life is over.
func (b *Buffer) putRegion(r *region) {
	b.mu.Lock()
	b.stats.Open--
	b.spare = append(b.spare, r)
	b.mu.Unlock()
	b.inner.Sharing().Unhold()
}

// String describes the buffer in one line.
func (b *Buffer) String() string { return fmt.Sprintf("locked.Buffer: %v", b.Stats()) }
