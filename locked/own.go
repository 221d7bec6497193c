package locked

import (
	"context"
	"errors"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Regions makes every private region allocate from a buffer of its own, instead of bumping
// through its memory: one that reuses memory within a scope, such as replay.Regions of
// package plan/replay makes. The buffer takes its storage from the shared buffer, through
// storage, and is called under the region's lock. It should take little at a time. If it
// has a method Trim, which gives free storage back, the region keeps it; else the region makes
// another when that storage goes back to the shared buffer. If it has Reserve(int) error, which
// takes storage for so many bytes, scope.Reserve works.
//
// What is allocated outside every region comes from the shared buffer as before. Regions
// panics if make is nil, or if the shared buffer is isolating, which never reuses memory.
func Regions(make func(storage bumper.Source) bumper.Buffer) Option {
	if make == nil {
		panic("locked: Regions with a nil function")
	}
	return func(b *Buffer) {
		if b.isolating {
			panic("locked: Regions for a buffer that is isolating, which never reuses memory")
		}
		b.mu.Lock()
		b.makeOwn = make
		b.mu.Unlock()
	}
}

// own is the buffer of a region that has one.
type own struct {
	r        *region
	buf      bumper.Buffer // nil until make
	sharing  *handshake.Sharing
	releaser memory.Releaser // buf, if it is one
	scope    memory.Checkpoint

	wanting bool  // the arena had too little
	refusal error // of the account
}

// newOwn returns the own buffer for a new region, still without its buffer.
func newOwn(r *region) *own {
	o := &own{r: r}
	r.bump.Entered = o.entered
	return o
}

// stock is the storage of a region's own buffer: spans of the arena.
type stock struct{ o *own }

// errStock is the cause of an error of the region's own buffer. Nobody sees it.
var errStock = errors.New("locked: the region needs more storage")

// Acquire takes a span from what is idle. r.mu is held, so it must not wait for more: the
// region asks for that when the buffer has failed.
func (s stock) Acquire(size int) ([]byte, error) {
	r, b := s.o.r, s.o.r.home
	n := roundUp(size)
	if r.account != nil {
		if _, err := r.charge(uintptr(size), n, n, 0, 0); err != nil {
			s.o.refusal = err
			return nil, err
		}
	}
	b.mu.Lock()
	sp := b.arena.take(n, n)
	if sp != nil {
		r.spans = append(r.spans, sp)
		b.hold(r, sp.len)
	}
	b.mu.Unlock()
	if sp == nil {
		if r.account != nil {
			r.uncharge(n)
		}
		s.o.wanting = true
		return nil, errStock
	}
	return sp.bytes(), nil
}

// Release makes a span idle. r.mu is held.
func (s stock) Release(mem []byte) {
	r, b := s.o.r, s.o.r.home
	for i, sp := range r.spans {
		if address(sp.bytes()) == address(mem) {
			n := sp.len
			r.spans[i] = r.spans[len(r.spans)-1]
			r.spans[len(r.spans)-1] = nil
			r.spans = r.spans[:len(r.spans)-1]
			b.mu.Lock()
			b.hold(r, -n)
			b.arena.give(sp)
			b.mu.Unlock()
			if n = min(n, r.charged); n > 0 {
				r.uncharge(n)
			}
			b.refuser.Freed()
			return
		}
	}
}

// equip makes the buffer of a region that has none, before a scope opens. If the
// function of Regions panics, the region goes back.
func (r *region) equip() {
	made := false
	r.lock()
	defer func() {
		if !made {
			r.home.giveBack(r)
		}
		r.unlock()
		if !made {
			r.home.putRegion(r)
		}
	}()
	if r.own == nil {
		r.own = newOwn(r)
	}
	r.own.make()
	made = true
}

// make makes the buffer, if there is none. r.mu is held.
func (o *own) make() {
	if o == nil || o.buf != nil {
		return
	}
	buf := o.r.home.makeOwn(stock{o})
	if buf == nil {
		panic("locked: the function of Regions returned nil, not a buffer")
	}
	o.buf, o.sharing = buf, handshake.SharingOf(buf)
	if o.releaser, _ = buf.(memory.Releaser); o.releaser != nil {
		o.sharing.Releaser = o
	}
}

// open opens the level of a scope. r.mu is held.
func (o *own) open() {
	if o != nil {
		o.scope = o.buf.Checkpoint()
	}
}

// end ends it, at pc. r.mu is held.
func (o *own) end(pc uintptr) {
	if o != nil {
		if pc != 0 {
			o.scope.EndsAt(pc)
		}
		_ = o.buf.Restore(o.scope) // it is the only level, and the buffer is nobody else's
	}
}

// trim gives back what is free. r.mu is held.
func (o *own) trim() {
	if o != nil {
		if t, ok := o.buf.(interface{ Trim() }); ok {
			t.Trim()
		}
	}
}

// drop lets the buffer go, which has kept storage that becomes idle now. r.mu is held.
func (o *own) drop() {
	if o != nil {
		o.buf, o.sharing, o.releaser = nil, nil, nil
	}
}

// try is region.try. r.mu is held.
func (o *own) try(size, align uintptr) (memory.Block, bool, error) {
	o.wanting, o.refusal = false, nil
	block, err := o.buf.Alloc(size, align)
	if err == nil {
		return block, true, nil
	}
	return memory.Block{}, false, o.judge(size, err)
}

// judge returns nil if the error of the buffer means that there is too little in the arena.
func (o *own) judge(size uintptr, err error) error {
	switch {
	case o.refusal != nil:
		return requested(size, o.refusal)
	case o.wanting:
		return nil
	}
	return err
}

// acquire is Buffer.acquire, for the buffer of a region.
func (o *own) acquire(g handshake.Generation, size, align uintptr) error {
	whole := size
	if size <= maxSize {
		whole = uintptr(roundUp(int(size)))
	}
	return requested(size, o.r.home.acquire(o.r, g, whole, align))
}

// requested sets the size in an error to that of the request.
func requested(size uintptr, err error) error {
	if e, ok := errors.AsType[*scope.ExhaustedError](err); ok {
		e.Requested = size
	}
	return err
}

// reserve is region.reserve. r.mu is held.
func (o *own) reserve(n int) (done bool, err error) {
	can, ok := o.buf.(interface{ Reserve(int) error })
	if !ok {
		return true, nil
	}
	o.wanting, o.refusal = false, nil
	if err = can.Reserve(n); err == nil {
		return true, nil
	}
	return false, o.judge(uintptr(n), err)
}

func (o *own) entered(ctx context.Context, pc uintptr) {
	o.r.mu.Lock()
	defer o.r.mu.Unlock()
	if o.r.open {
		o.sharing.Enter(ctx, pc)
	}
}

// Releaser returns what releases blocks of the open scope, or nil.
func (r *region) Releaser(g handshake.Generation) memory.Releaser {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == nil || r.own.releaser == nil || !r.open || !r.Living(g) {
		return nil
	}
	return r.own
}

// String describes the buffer in messages.
func (o *own) String() string { return "a buffer of locked.Regions" }

// Alloc allocates in the open scope.
func (o *own) Alloc(size, align uintptr) (memory.Block, error) {
	return o.r.AllocIn(o.r.bump.Generation(), size, align)
}

// Release releases a block of the open scope, under the lock of the region.
func (o *own) Release(mem []byte, s memory.Stamp) bool {
	o.r.mu.Lock()
	defer o.r.mu.Unlock()
	return o.releaser != nil && o.releaser.Release(mem, s)
}
