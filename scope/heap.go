package scope

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Heap returns the allocator that is the Go heap: safe for concurrent use, its
// blocks zeroed and never reused, their stamps always live. It is what a context
// without an allocator means; put it in a context to keep code below away from
// the buffer chosen above.
func Heap() Allocator { return heap{} }

type heap struct{}

// maxHeap bounds one block, so that an absurd size is an error and not the panic
// of make: 2^46 bytes where addresses have 64 bits, half of them all elsewhere.
const maxHeap = uintptr(min(uint64(1)<<46, uint64(^uint(0)>>2)))

func (heap) Alloc(size, align uintptr) (memory.Block, error) {
	align = memory.Alignment(size, align)
	if size == 0 {
		return memory.Block{}, nil
	}
	if size > maxHeap || align > maxHeap {
		return memory.Block{}, &ExhaustedError{Allocator: "scope.Heap", Requested: size, Available: maxHeap, Limit: maxHeap}
	}
	return memory.NewBlock(alignedBytes(size, align)[:size], memory.Stamp{}), nil
}

// String names the allocator in messages.
func (heap) String() string { return "scope.Heap" }

// alignedBytes returns at least size zeroed bytes at a multiple of align. The Go
// heap places a size that is a multiple of 64 at a multiple of 64 today, which
// makes this as cheap as make; where it does not, the block is made larger.
func alignedBytes(size, align uintptr) []byte {
	mem := make([]byte, (size+align-1)&^(align-1))
	if pad := padding(mem, align); pad != 0 {
		mem = make([]byte, size+align)
		mem = mem[padding(mem, align):]
	}
	return mem
}

// padding returns how many bytes lie between mem's start and the next multiple
// of align. An address is compared, never turned back into a pointer, and Go
// does not move heap objects.
func padding(mem []byte, align uintptr) uintptr {
	return -uintptr(unsafe.Pointer(unsafe.SliceData(mem))) & (align - 1)
}
