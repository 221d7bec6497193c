package scope

import (
	"context"
	"fmt"
	"math/bits"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Builder is a slice that grows in the scope it was made in, for results whose length is
// not known beforehand. While its elements are the last that the scope has allocated, a
// bump buffer and a region of package locked lengthen them in place; otherwise, and
// elsewhere, a Builder takes memory of twice the length and copies; what it had before stays
// allocated until the scope ends, unless the allocator is a memory.Releaser and Stamp was not
// called for it.
//
// Every method checks that the scope still lives, and panics with a [*StaleError] if not.
// A Builder must not be copied and is not safe for concurrent use.
type Builder[T any] struct {
	alloc    Allocator
	extender memory.Extender // alloc, if it is one
	born     Stamp
	block    memory.Block
	elems    []T  // what was appended; its capacity is that of block
	lent     bool // there may be arrays on block
}

// NewBuilder returns an empty Builder with room for capacity elements. The element type is
// checked as by [Make]. It panics if capacity is negative, and with an [*ExhaustedError]
// when memory is exhausted.
func NewBuilder[T any](ctx context.Context, capacity int) *Builder[T] {
	requirePointerFree[T]()
	if capacity < 0 {
		panic(misuse("capacity %d is negative", capacity))
	}
	b := &Builder[T]{alloc: AllocatorFrom(ctx)}
	b.extender, _ = b.alloc.(memory.Extender)
	if _, err := b.take(capacity); err != nil {
		panic(err)
	}
	return b
}

// Append adds elements at the end, which may be the Builder's own, as in
// b.Append(b.View()...). It panics with an [*ExhaustedError] when memory is exhausted, and
// nothing has changed then; and with a message if the current scope is not the one that the
// Builder was made in, but one within it, which would end too early.
func (b *Builder[T]) Append(elems ...T) {
	b.check("Append to")
	if len(elems) <= cap(b.elems)-len(b.elems) {
		b.elems = append(b.elems, elems...)
		return
	}
	old, err := b.grow(len(elems))
	if err != nil {
		panic(err)
	}
	b.elems = append(b.elems, elems...) // which may be in old
	b.release(old)
}

// Grow makes room for n elements more, so that appending them cannot fail. It panics as
// Append does, and if n is negative.
func (b *Builder[T]) Grow(n int) {
	b.check("Grow of")
	if n < 0 {
		panic(misuse("Grow of a Builder by %d elements", n))
	}
	if n > cap(b.elems)-len(b.elems) {
		old, err := b.grow(n)
		if err != nil {
			panic(err)
		}
		b.release(old)
	}
}

// Len returns how many elements there are.
func (b *Builder[T]) Len() int {
	b.check("Len of")
	return len(b.elems)
}

// View returns the elements, without a copy and with their capacity clipped. The slice is
// that of the Builder until the next Append, and must not be used after the end of the
// scope, which unlike the Builder it cannot notice.
func (b *Builder[T]) View() []T {
	b.check("View of")
	return b.elems[:len(b.elems):len(b.elems)]
}

// Stamp returns the stamp of the scope that the Builder was made in, for an array type on
// what View returns; the zero Stamp on the Go heap. Such an array lives as long as the scope:
// the memory that the Builder has now stays as it is when the elements move elsewhere.
func (b *Builder[T]) Stamp() Stamp {
	b.lent = true
	return b.born
}

// check panics if the scope has ended.
func (b *Builder[T]) check(what string) {
	if !b.born.Live() {
		var zero T
		panic(NewStaleError(fmt.Sprintf("scope: %s a Builder[%T]", what, zero), b.born, staleFix))
	}
}

// grow makes room for n elements more: for twice as many as there are, if these are to be
// had. It returns what take does.
func (b *Builder[T]) grow(n int) (old memory.Block, err error) {
	need := len(b.elems) + n
	if need < n {
		return b.take(-1)
	}
	old, err = b.take(max(need, 2*cap(b.elems)))
	if err != nil && need < 2*cap(b.elems) {
		old, err = b.take(need)
	}
	return old, err
}

// take makes the capacity n, or a little more; n is negative if it overflows. It returns the
// block that was copied, for release; an empty one if there is none, or arrays may be on it.
func (b *Builder[T]) take(n int) (old memory.Block, err error) {
	var zero T
	one := max(int(unsafe.Sizeof(zero)), 1)
	if n > 0 {
		n = max(n, (63+one)/one) // so that it begins at a multiple of 64 and can be lengthened
	}
	hi, size := bits.Mul(uint(n), uint(unsafe.Sizeof(zero)))
	if n < 0 || hi != 0 {
		return old, &ExhaustedError{Allocator: "scope", Requested: ^uintptr(0), Available: maxHeap, Limit: maxHeap}
	}
	if longer, ok := b.extend(uintptr(size)); ok {
		b.block, b.elems = longer, view[T](longer, n)[:len(b.elems)]
		return old, nil
	}
	block, born, err := b.another(n, uintptr(size))
	if err != nil {
		return old, err
	}
	switch none := (Stamp{}); {
	case b.born == none:
		b.born = born
	case born != b.born && born != none:
		panic(misuse("Append to a Builder[%T] in a scope within the one that it was made in: its memory would end too early", zero))
	}
	elems := view[T](block, n)
	copy(elems, b.elems)
	if !b.lent {
		old = b.block
	}
	b.block, b.elems, b.lent = block, elems[:len(b.elems)], false
	return old, nil
}

// another allocates a block of n elements, size bytes in all, and returns the stamp of the
// scope that it was born in.
func (b *Builder[T]) another(n int, size uintptr) (block memory.Block, born Stamp, err error) {
	var zero T
	if pages.On() {
		block, err = allocWatched(b.alloc, size, unsafe.Alignof(zero))
	} else {
		block, err = b.alloc.Alloc(size, unsafe.Alignof(zero))
	}
	if err != nil {
		return block, born, err
	}
	born = block.Stamp
	if born.Releasable() { // that of the block alone
		empty, err := b.alloc.Alloc(0, 1)
		if err != nil {
			return block, born, err
		}
		born = empty.Stamp
	}
	if pages.On() {
		_ = view[T](block, n) // checks the block before a guarded one replaces it
		block = memory.Guarded(block, unsafe.Alignof(zero))
	}
	return block, born, nil
}

// release ends a block that was copied, where single blocks can be released.
func (b *Builder[T]) release(old memory.Block) {
	if old.Stamp.Releasable() {
		r, _ := memory.ReleaserOf(b.alloc)
		old.Stamp.EndsAt(callsite.User())
		old.Stamp.Release(r, old.Bytes())
	}
}

// extend lengthens the block in place, if it can be.
func (b *Builder[T]) extend(size uintptr) (memory.Block, bool) {
	if b.extender == nil || cap(b.elems) == 0 {
		return b.block, false
	}
	if pages.On() {
		defer watchUse(b.alloc, "Append to a Builder").Leave()
	}
	return b.extender.Extend(b.block, size)
}
