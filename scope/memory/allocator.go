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
//   - The content is undefined: memory is handed out again as it was left.
//   - Size 0 gives an empty block and no error.
//   - When memory is exhausted, Alloc returns an error that matches
//     scope.ErrExhausted (best a *scope.ExhaustedError) and nothing has changed. It
//     never takes memory from elsewhere in silence. No size may overflow a sum.
//   - The block's stamp is of the scope in which the block was born; the zero
//     Stamp says that the block is never reused.
//
// Each implementation says whether goroutines may call Alloc at the same time.
type Allocator interface {
	Alloc(size, align uintptr) (Block, error)
}

// Alignment returns the alignment that the contract of [Allocator] asks for a
// block of the given size when its caller asks for align. It panics if align is
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

// cacheLine is the alignment of every block that can fill one: full-width SIMD
// loads then never straddle two lines.
const cacheLine = 64
