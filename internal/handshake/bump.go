package handshake

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Bump is where a buffer that one goroutine uses hands out memory. The buffer's Alloc
// does, and package scope without calling it. A Bump is as safe for concurrent use as its
// buffer.
type Bump struct {
	Mem         []byte       // what is bumped through; begins at a multiple of 64
	Off         int          // the first free byte in it
	Top         memory.Stamp // of the innermost open level
	Allocations uint64       // blocks handed out since the buffer was made
}

// Fit returns where the next block of size bytes begins; false if the buffer must be asked,
// because there is no room or because size is 0. The alignment is a power of two and at
// most 64.
func (b *Bump) Fit(size, align uintptr) (start uintptr, ok bool) {
	mask := align - 1
	if size >= 64 {
		mask = 63
	}
	length := uintptr(len(b.Mem))
	start = (uintptr(b.Off) + mask) &^ mask
	return start, start < length && size-1 < length-start // 0 less 1 is the largest
}

// Take hands out size bytes from start on, which [Bump.Fit] has just found, as the buffer's
// Alloc would. It returns the first.
func (b *Bump) Take(start, size uintptr) unsafe.Pointer {
	b.Off = int(start + size)
	b.Allocations++
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(b.Mem)), start) // Fit: start < len(b.Mem)
}

// BumpOf returns the [Bump] of a; nil if a is not itself a buffer that has one, or if the
// build watches what buffers do. Package bumper sets it. A wrapper, be it one that embeds a
// buffer, has none: its own Alloc must be called.
var BumpOf = func(a memory.Allocator) *Bump { return nil }
