package scope

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Heap returns the allocator of the Go heap. It is safe for concurrent use; its
// blocks are zeroed and never reused, and their stamps are always live. A context
// without an allocator means Heap; put it into a context to keep callees away from
// the caller's buffer.
func Heap() Allocator { return heap{} }

type heap struct{}

// maxHeap bounds one block, so that an absurd size is an error and not a panic of
// make: 2^46 bytes where addresses have 64 bits, a quarter of them all elsewhere.
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

// alignedBytes returns at least size zeroed bytes at a multiple of align. Today the
// Go heap places sizes that are multiples of 64 at multiples of 64, which makes this
// as cheap as make; where it does not, alignedBytes makes a larger block.
func alignedBytes(size, align uintptr) []byte {
	mem := make([]byte, (size+align-1)&^(align-1))
	if pad := padding(mem, align); pad != 0 {
		mem = make([]byte, size+align)
		mem = mem[padding(mem, align):]
	}
	return mem
}

// padding returns how many bytes lie between mem's start and the next multiple
// of align. The address is never turned back into a pointer, and Go does not move
// heap objects.
func padding(mem []byte, align uintptr) uintptr {
	return -uintptr(unsafe.Pointer(unsafe.SliceData(mem))) & (align - 1)
}
