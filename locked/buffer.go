package locked

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Buffer is a bump buffer shared by goroutines; all its methods are safe for
// concurrent use. It has no checkpoints: [scope.NoEscape] opens a private region
// instead. There is one Buffer for each bumper.Buffer; see [Share].
type Buffer struct {
	inner   bumper.Buffer
	sharing *handshake.Sharing // of inner

	mu      sync.Mutex
	idle    chunkList // carved from inner, not used by a region
	spare   []*region // regions whose generation is over
	all     []*region // every region ever made
	stats   Stats
	outside int // bytes of blocks allocated outside every region
	late    atomic.Uint64
}

var _ handshake.RegionOpener = (*Buffer)(nil)

// Share returns the Buffer through which goroutines share buf: always the same for
// the same buf, so that all of them use one lock. While goroutines use the Buffer,
// nothing else may call methods of buf but Reset and Restore, and these only while a
// region or [Group] runs, when they are refused.
func Share(buf bumper.Buffer) *Buffer {
	sharing := handshake.SharingOf(buf)
	return sharing.Front(func() any {
		b := &Buffer{inner: buf, sharing: sharing}
		sharing.Lock = &b.mu
		return b
	}).(*Buffer)
}

// WithLockedBumper returns a context in which goroutines share buf: it is
// scope.WithAllocator(ctx, locked.Share(buf)). For Stats and Reset call Share(buf),
// which returns the same Buffer.
func WithLockedBumper(ctx context.Context, buf bumper.Buffer) context.Context {
	return scope.WithAllocator(ctx, Share(buf))
}

// Alloc allocates from the shared buffer itself; the block lives until the
// buffer is reset. See [memory.Allocator] for the contract.
func (b *Buffer) Alloc(size, align uintptr) (memory.Block, error) {
	b.mu.Lock()
	defer b.mu.Unlock() // also when misuse or the source panics
	block, err := b.inner.Alloc(size, align)
	if err != nil {
		return block, b.withOutside(err)
	}
	b.outside += int(size)
	return block, nil
}

// withOutside puts the bytes that were allocated outside every region into an error that
// says memory is exhausted. The buffer's lock is held.
func (b *Buffer) withOutside(err error) error {
	var e *scope.ExhaustedError
	if errors.As(err, &e) {
		e.Outside = uintptr(b.outside)
	}
	return err
}

// Reset releases everything in the buffer. While a region or a [Group] runs it
// returns an error that matches bumper.ErrHeld and changes nothing.
func (b *Buffer) Reset() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.inner.Reset()
	if err == nil {
		b.outside = 0
	}
	return err
}

// OpenRegion opens a private region, which scope.NoEscape closes.
func (b *Buffer) OpenRegion() (handshake.Region, handshake.Generation, bool) {
	b.sharing.Hold()
	r := b.openRegion()
	return r, r.begin(), true
}

// openRegion takes a region and counts it. The buffer is held; it does
// not stay so if the buffer's own methods panic.
func (b *Buffer) openRegion() (r *region) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		if r == nil {
			b.sharing.Unhold()
		}
	}()
	r = b.takeRegion()
	b.stats.Open++
	b.stats.Peak = max(b.stats.Peak, b.stats.Open)
	b.stats.Regions++
	return r
}

// takeRegion returns a region whose generation is over, or a new one.
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

// putRegion takes back a region whose generation is over.
func (b *Buffer) putRegion(r *region) {
	b.mu.Lock()
	b.stats.Open--
	b.spare = append(b.spare, r)
	b.mu.Unlock()
	b.sharing.Unhold()
}

// String describes the buffer, and the one inside by its type, in one line.
func (b *Buffer) String() string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", b.inner), "*")
	return fmt.Sprintf("locked.Buffer of a %s: %v", name, b.Stats())
}
