package memory

import "fmt"

// An Allocator hands out blocks of memory.
//
// The contract that every implementation keeps, and that package scope/scopetest
// checks:
//
//   - Alloc returns exactly size bytes whose address is a multiple of align,
//     which is a power of two (0 means 1). Blocks of 64 bytes and more are
//     64-byte aligned whatever align says.
//   - Live blocks never overlap, and an allocator never writes to one.
//   - The content is undefined: reused memory is not cleared.
//   - Size 0 gives an empty block and no error.
//   - When memory is exhausted, Alloc returns an error that matches
//     scope.ErrExhausted (best a *scope.ExhaustedError) and changes nothing. It
//     never silently takes memory from elsewhere. No size makes a sum overflow.
//   - The block's stamp is that of the scope the block was allocated in; the zero
//     Stamp means that the block is never reused.
//
// Each implementation documents whether goroutines may call Alloc at the same time.
type Allocator interface {
	Alloc(size, align uintptr) (Block, error)
}

// Alignment returns the alignment that the contract of [Allocator] requires for a
// block of the given size when the caller requests align. It panics if align is
// not a power of two.
func Alignment(size, align uintptr) uintptr {
	if align&(align-1) != 0 {
		panic(fmt.Sprintf("memory: alignment %d is not a power of two", align))
	}
	if size >= cacheLine && align < cacheLine {
		return cacheLine
	}
	return max(align, 1)
}

// cacheLine is the alignment of every block that can fill a line: full-width SIMD
// loads then never straddle two lines.
const cacheLine = 64
