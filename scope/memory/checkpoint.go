package memory

// A Checkpoint marks a state of an allocator that Restore brings back. It is the
// stamp of the level of scope that the checkpoint opened, and live until that level
// ends.
type Checkpoint struct{ Stamp }

// A Checkpointer is an [Allocator] that can release everything it has handed out
// since a checkpoint. scope.NoEscape calls Checkpoint, a function, and Restore; the End of
// a scope.Open calls Restore. Open asks for an empty block and looks at its stamp, to
// learn which level is the innermost.
type Checkpointer interface {
	Allocator

	// Checkpoint opens a level of scope. Allocations from now on belong to
	// the innermost open level.
	Checkpoint() Checkpoint

	// Restore ends the level that cp opened and releases everything
	// allocated in it. Levels end in the reverse order of their beginning:
	// a checkpoint of another allocator, one restored before, or one above
	// which another level is open is an error and changes nothing.
	Restore(cp Checkpoint) error
}

// An Unwinder is a [Checkpointer] that can end a level together with levels
// above it that were never restored. scope.NoEscape uses it when its function
// panicked between a Checkpoint and its Restore, or forgot the Restore.
type Unwinder interface {
	Unwind(cp Checkpoint) error
}
