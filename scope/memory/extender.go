package memory

// An Extender is an [Allocator] that can lengthen the block it handed out last. A
// scope.Builder grows without a copy on it. It must be the allocator itself: unlike other
// abilities, nobody looks for an Extender behind a [Wrapper], which would not notice that
// a block has become larger.
type Extender interface {
	Allocator

	// Extend returns b with size bytes: the same memory, with its content, and more
	// behind it whose content is undefined. It returns b and false, and nothing has
	// changed, if
	//   - b is not the block that was handed out last,
	//   - b was not born in the innermost scope,
	//   - size is less than b has, or there is no room behind it, or
	//   - b would be 64 bytes or longer and does not begin at a multiple of 64.
	Extend(b Block, size uintptr) (Block, bool)
}
