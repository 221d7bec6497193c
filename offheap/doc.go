// Package offheap provides memory outside the Go heap that is given back at once.
//
// The garbage collector frees Go memory when it gets round to it. For memory that
// it does not see (mappings, large workspaces) that is far too late: a thousand
// forgotten workspaces of 8 MiB are 8 GB before the first of them is collected,
// because to the collector each is a header of a few words. Such memory must be
// released where its use ends, and this package has three ways, from the best to
// the last resort:
//
//   - The end of a scope: a buffer of package bumper that stands on this memory,
//     in a context. See bumper.From.
//   - Free and Close, called by the owner: [Workspace.Free], [Heap.Close].
//   - A safety net: an owner that was forgotten is noticed by the garbage
//     collector, its memory is reclaimed, and the leak is reported with the place
//     where the owner was made. It makes the mistake visible; it is no way to
//     manage memory.
//
// # Sources
//
// [Mmap] maps pages from the operating system and unmaps them when they are
// released. [Heap] stands on another source and keeps books: every live block with
// its size, label and call stack, so that a leak or a double free is an error that
// says who did it. Both are a bumper.Source.
//
//	heap := offheap.NewHeap("model", nil)
//	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer(bumper.From(heap)))
//	...
//	fmt.Println(heap.Stats())
//
// # What the runtime does not see
//
// GOMEMLIMIT, runtime.MemStats and heap profiles do not contain this memory.
// docs/offheap.md says how to set the limit; package offheapprof, a module of its
// own, writes a pprof profile. The race detector does not watch it either: test
// for races with the Go heap as the source.
//
// # Lifetime
//
// Unlike Go memory, released memory is gone: touching it through a slice that was
// kept is a fault that ends the program. Arrays notice in time and panic; slices
// cannot. A slice of such memory does not keep its owner alive either; the stamp of
// an array does. See [Workspace].
//
// # Systems
//
// [Mmap] works on Linux, macOS and the BSDs; elsewhere it answers with
// [ErrUnsupported]. Everything else works everywhere, for example [NewHeap] on
// bumper.GoHeap.
package offheap
