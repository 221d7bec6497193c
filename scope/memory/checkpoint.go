package memory

// A Checkpoint is a moment of an allocator to which it can be restored. It is
// the stamp of the level of scope that the checkpoint opened: live until that
// level is restored, and dead, hence useless, afterwards.
type Checkpoint struct{ Stamp }

// A Checkpointer is an [Allocator] that can release everything it has handed out
// since a moment. scope.NoEscape is a Checkpoint and a Restore around a function,
// scope.Open a Checkpoint whose Restore is the End of the Scope. The latter asks for an
// empty block, and looks at its stamp, to learn which level is the innermost.
type Checkpointer interface {
	Allocator

	// Checkpoint opens a level of scope: what is allocated from now on is
	// born in it.
	Checkpoint() Checkpoint

	// Restore ends the level that cp opened, and with it the life of
	// everything born in it. Levels end in the reverse order of their
	// beginning: a checkpoint of another allocator, one restored before, or
	// one above which another level is open is an error and changes nothing.
	Restore(cp Checkpoint) error
}

// An Unwinder is a [Checkpointer] that can end a level together with levels
// above it that were never restored. scope.NoEscape uses it when the function it ran
// panicked between a Checkpoint and its Restore, or forgot the Restore.
type Unwinder interface {
	Unwind(cp Checkpoint) error
}
