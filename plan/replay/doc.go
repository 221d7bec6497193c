// Package replay provides a buffer that reuses memory within a scope: at any time it holds
// what lives, and where the program does what it did before, it holds what the best plan
// for it needs.
//
//	buf := replay.New()
//	ctx = scope.WithAllocator(ctx, buf)
//	for batch := range batches {
//		err := scope.NoEscape(ctx, func(ctx context.Context) error { return infer(ctx, batch) })
//	}
//
// A [Buffer] takes arrays back before their scope ends: allocarray.AllocArray has Release
// and Move, and nn.Chain calls them. Each block has an epoch of its own, so whatever still
// refers to it is stale at once.
//
// # Recordings and plans
//
// The first time that a scope runs, each block gets the smallest free piece of memory that
// holds it, and the buffer records what lived when. When the scope has ended, package plan
// packs the recording. The next scope with the same function gets one piece of memory for
// all of it, and the i-th block at the place that was planned for it.
//
// A recording is only a prediction: the next scope may take another branch, use an array
// longer, or allocate other sizes. So a place is handed out only if nothing that lives in
// this run has a byte of it; all else is served as in the first run. A scope that does what
// was recorded takes no more than best fit would; one that does not, takes the memory of
// the plan and what best fit needs for the rest. What differs is recorded too, up to four
// recordings for each function, and a run that leaves one goes on with another that began in
// the same way. If the functions are the same and the shapes are not, [WithName] tells them apart.
//
// The outermost scope on a buffer that has a recording is replayed, with all scopes within. A
// scope of more than 16,384 blocks is not recorded as a whole, and those within it are.
// What is allocated outside every scope is served by best fit.
//
// Planning takes about a millisecond for a few hundred blocks. It happens at the end of a scope
// which was not recorded before, and ever more seldom for one that is never as recorded.
//
// # Goroutines
//
// A Buffer is for one goroutine, as every bump buffer. For many there is [Regions]: each
// scope on a shared buffer of package locked has a Buffer of its own then, and all of them
// learn from one another.
package replay
