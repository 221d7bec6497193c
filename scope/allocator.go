package scope

import "unsafe"

// An Allocator hands out blocks of memory.
//
// The contract that every implementation keeps, and that the conformance suite
// of this module checks:
//
//   - Alloc returns exactly size bytes whose address is a multiple of align,
//     which is a power of two (0 means 1). Blocks of 64 bytes and more are
//     64-byte aligned whatever align says.
//   - Live blocks never overlap, and an allocator never writes to one.
//   - The content is undefined: memory is handed out again as it was left.
//   - Size 0 gives an empty block and no error.
//   - When the memory is not available, Alloc returns an error that matches
//     [ErrExhausted] (best an [ExhaustedError]) and nothing has changed. It never
//     takes memory from elsewhere in silence. No size may overflow a sum.
//   - The block's stamp is of the scope in which the block was born; the zero
//     Stamp says that the block is never reused.
//
// Whether Alloc may be called by several goroutines at once is for each
// implementation to say.
//
// Further abilities are optional interfaces: [Checkpointer] and [Regioner] are
// those that [NoEscape] looks for. An allocator that wraps another has a method
// Unwrap() Allocator, through which [As] finds them.
type Allocator interface {
	Alloc(size, align uintptr) (Block, error)
}

// A Block is memory together with the stamp of the scope it was born in. It is
// four words, so that the compiler keeps it in registers.
type Block struct {
	start *byte
	size  int
	Stamp Stamp // live until the memory may be handed out again
}

// NewBlock returns the block that is mem. Its capacity is clipped to its length, so
// that append reallocates instead of writing over a neighbour.
func NewBlock(mem []byte, stamp Stamp) Block {
	return Block{unsafe.SliceData(mem), len(mem), stamp}
}

// Bytes returns the memory: as many bytes as were asked for.
func (b Block) Bytes() []byte {
	// start is the first of size bytes: NewBlock took both from one slice.
	return unsafe.Slice(b.start, b.size)
}

// Alignment returns the alignment that the contract of [Allocator] asks for a
// block of the given size when its caller asks for align. It panics if align is
// not a power of two.
func Alignment(size, align uintptr) uintptr {
	if align&(align-1) != 0 {
		panic(misuse("alignment %d is not a power of two", align))
	}
	if size >= cacheLine && align < cacheLine {
		return cacheLine
	}
	return max(align, 1)
}

// cacheLine is the alignment of every block that can fill one: full-width SIMD
// loads then never straddle two lines.
const cacheLine = 64
