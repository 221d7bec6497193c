// Package offheap provides memory outside the Go heap that is given back at once.
//
// The garbage collector frees Go memory some time after its last use. For memory that
// the collector does not see (mappings, large workspaces) that is far too late: a
// thousand forgotten workspaces of 8 MiB are 8 GB before the first of them is collected,
// because to the collector each is a header of a few words. Such memory must be
// released where its use ends. This package has three ways, the best first:
//
//   - The end of a scope: a context carries a buffer of package bumper that takes its
//     storage from here. See bumper.From.
//   - A call of the owner: [Workspace.Free], or Close of a buffer.
//   - The leak guard: when the garbage collector finds a forgotten owner, its memory is
//     freed and the leak is reported, with the place that made the owner. The leak guard
//     makes the mistake visible; it is no way to manage memory.
//
// # Sources
//
// [Mmap] maps pages from the operating system and unmaps them when they are
// released. [Heap] takes its memory from another source and records every live block
// with its size, label and call stack, so that a leak or a double free is an error that
// names the culprit. Both are a bumper.Source; on Linux, both can also give memory back
// and keep its addresses: see [Pages.Discard].
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
// Unlike Go memory, released memory is gone: an access through a slice that was kept
// ends the program. Arrays notice in time and panic; slices cannot. Nor does a slice of
// such memory keep its owner alive; the stamp of an array does. See [Workspace].
//
// # Systems
//
// [Mmap] works on Linux, macOS and the BSDs; elsewhere it fails with
// [ErrUnsupported]. Everything else works everywhere, for example [NewHeap] on
// bumper.GoHeap.
package offheap
