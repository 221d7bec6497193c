package locked

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Buffer is a bump buffer shared by goroutines; all its methods are safe for
// concurrent use. It has no checkpoints: [scope.NoEscape] opens a private region
// instead. There is one Buffer for each bumper.Buffer; see [Share].
//
// When no region is open, a Buffer serves what a new one would, whatever happened
// before, apart from what was allocated outside every region. It refuses a request only
// if neither contiguous idle memory nor room for more holds it; the error says how much
// there is. Memory left by a spike goes back by itself: see [Retain].
type Buffer struct {
	inner   bumper.Buffer
	name    string             // of inner's type, for errors
	sharing *handshake.Sharing // of inner

	// growing is held while storage is taken from inner's source or given back, which
	// may take long.
	growing sync.Mutex
	storage handshake.Storage
	lender  *lender     // storage, if it is one
	closing atomic.Bool // growing is held by Close

	makeOwn   func(bumper.Source) bumper.Buffer // see Regions; nil if regions bump
	returning bool                              // growing is held by returnLent, and common.mu with it

	isolating bool // regions never reuse memory: they take spans of their own
	limit     int  // of storage; 0 means none
	common    *region
	outside   atomic.Int64 // bytes of blocks allocated in common
	late      atomic.Uint64
	refused   atomic.Uint64
	refuser   handshake.Refuser
	crew      atomic.Pointer[crew] // nil without helpers

	mu     sync.Mutex
	arena  arena
	free   int       // how many more bytes of storage may be taken, if there is a limit
	spare  []*region // regions whose generation is over
	closed *region   // the list of closed regions, which may hold memory
	stats  Stats
	retention
}

var (
	_ handshake.RegionOpener = (*Buffer)(nil)
	_ handshake.Front        = (*Buffer)(nil)
)

// Share returns the Buffer through which goroutines share buf. It is always the same for
// the same buf, so that all of them use one lock. Options apply from now on. While
// goroutines use the Buffer, the only methods of buf that may be called are Reset and
// Restore, and only while a region or [Group] runs, when they return bumper.ErrHeld.
func Share(buf bumper.Buffer, opts ...Option) *Buffer {
	sharing := handshake.SharingOf(buf)
	b := sharing.Front(func() handshake.Front { return newBuffer(buf, sharing) }).(*Buffer)
	for _, o := range opts {
		o(b)
	}
	return b
}

func newBuffer(buf bumper.Buffer, sharing *handshake.Sharing) *Buffer {
	b := &Buffer{
		inner: buf, sharing: sharing, storage: sharing.Storage,
		name: strings.TrimPrefix(fmt.Sprintf("%T", buf), "*"),
	}
	sharing.Lock = &b.growing
	if i, ok := buf.(memory.Isolator); ok {
		b.isolating = i.Isolates()
	}
	if b.storage == nil {
		b.lender = &lender{buf: buf}
		b.storage = b.lender
	}
	b.limit, b.free = b.storage.Limit(), b.storage.Room()
	b.retention = newRetention(b.storage.Prompt())
	b.common = newRegion(b)
	b.common.begin(nil, false)
	return b
}

// WithLockedBumper returns a context in which goroutines share buf. It is short for
// scope.WithAllocator(ctx, locked.Share(buf)). For Stats and Reset call Share(buf),
// which returns the same Buffer.
func WithLockedBumper(ctx context.Context, buf bumper.Buffer) context.Context {
	return scope.WithAllocator(ctx, Share(buf))
}

// From returns the shared buffer that ctx takes memory from, through wrappers, derived
// contexts and regions; false if ctx carries none.
func From(ctx context.Context) (*Buffer, bool) {
	return memory.As[*Buffer](scope.AllocatorFrom(ctx))
}

// Alloc allocates from the shared buffer itself, outside every region; the block lives
// until the buffer is reset. See [memory.Allocator] for the contract.
func (b *Buffer) Alloc(size, align uintptr) (memory.Block, error) {
	block, err := b.common.AllocIn(1, size, align)
	if err == nil {
		b.outside.Add(int64(size))
	}
	return block, err
}

// Reset releases what was allocated outside every region. While a region or a [Group]
// runs it returns an error that matches bumper.ErrHeld and changes nothing.
func (b *Buffer) Reset() error {
	b.growing.Lock()
	defer b.growing.Unlock()
	b.sharing.Caller = callsite.Caller(1)
	defer func() { b.sharing.Caller = 0 }()
	return b.inner.Reset() // which calls Rewound
}

// Rewound is for package bumper, which calls it when the buffer inside was reset or one
// of its levels has ended. Neither happens while a region is open.
func (b *Buffer) Rewound(reset bool) {
	b.mu.Lock()
	lost := b.arena.lost()
	b.mu.Unlock()
	if !reset && !lost {
		return
	}
	if !b.returning {
		b.common.mu.Lock() // to the end: or the next block would be of lost storage
		defer b.common.mu.Unlock()
	}
	b.common.restart()
	b.outside.Store(0)
	if lost {
		b.reclaim()
		b.mu.Lock()
		b.arena.forget()
		b.mu.Unlock()
	}
}

// Close releases everything, as Reset does and under the same conditions, and gives
// the storage back to its source. Later allocations fail with an error that matches
// scope.ErrExhausted and bumper.ErrClosed; a second Close returns bumper.ErrClosed. If
// the buffer inside has no Close, Close only resets it and gives back what it lent.
func (b *Buffer) Close() error {
	b.growing.Lock()
	defer b.growing.Unlock()
	b.closing.Store(true)
	defer b.closing.Store(false)
	if c := b.crew.Load(); c != nil {
		c.dismiss()
	}
	c, ok := b.inner.(interface{ Close() error })
	if ok {
		return c.Close() // which calls Rewound and TrimIdle
	}
	if err := b.inner.Reset(); err != nil {
		return err
	}
	b.TrimIdle()
	return nil
}

// OpenRegion is for packages scope and meter: it opens a private region, which
// scope.NoEscape closes, and which charges a unless that is nil.
func (b *Buffer) OpenRegion(a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	return b.openRegion(a, false)
}

func (b *Buffer) openRegion(a handshake.Account, inherited bool) (handshake.Region, handshake.Generation, bool) {
	b.sharing.Hold()
	b.mu.Lock()
	r := b.takeRegion()
	b.stats.Open++
	b.stats.Peak = max(b.stats.Peak, b.stats.Open)
	b.stats.Regions++
	regions := b.makeOwn != nil
	b.mu.Unlock() // before r's lock, which a goroutine that kept its context may hold
	if regions {
		r.equip()
	}
	return &r.bump, r.begin(a, inherited), true
}

// takeRegion returns a region whose generation is over, or a new one.
func (b *Buffer) takeRegion() *region {
	last := len(b.spare) - 1
	if last < 0 {
		return newRegion(b)
	}
	r := b.spare[last]
	b.spare = b.spare[:last]
	b.unused = min(b.unused, last)
	return r
}

// putRegion takes back a region whose generation is over and which holds no memory.
func (b *Buffer) putRegion(r *region) {
	b.mu.Lock()
	b.unlist(r)
	b.stats.Open--
	if len(b.spare) < maxSpares && !r.bump.Worn() {
		b.spare = append(b.spare, r)
	}
	b.settle()
	b.mu.Unlock()
	b.sharing.Unhold()
	b.refuser.Freed()
}

// String describes the buffer, with the type of the one inside, in one line.
func (b *Buffer) String() string { return fmt.Sprintf("locked.Buffer of a %s: %v", b.name, b.Stats()) }
