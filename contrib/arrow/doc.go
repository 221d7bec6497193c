// Package arrowscope lets Apache Arrow allocate in a scope, and passes arrays between Arrow
// and package allocarray without copying them.
//
// [Do] runs a function with an [Allocator] for the memory of a context. Compute functions,
// builders and readers which know nothing of scopes put their bytes into it:
//
//	err := scope.NoEscape(ctx, func(ctx context.Context) error {
//		return arrowscope.Do(ctx, func(mem *arrowscope.Allocator) error {
//			sum, err := compute.CallFunction(compute.WithAllocator(ctx, mem), "add", nil, a, b)
//			...
//		})
//	})
//
// Arrow's objects, which contain pointers, stay on the Go heap.
//
// # The contract
//
//   - The memory is that of a scope on a buffer of package locked, of the shared buffer
//     itself, or, if the context has no allocator, of the Go heap. Any other allocator is an
//     error: Arrow's functions run goroutines, which cannot share a plain bump buffer.
//   - Memory is always zeroed, at a multiple of 64. Arrow reads bytes that it has not
//     written, as those of validity bitmaps.
//   - Free never recycles: all memory is released when the scope ends. So Retain and Release
//     do not matter, and a use after the last Release does no harm before that.
//   - Reallocate works in place if the block was handed out last and has room behind it.
//   - An Allocator never panics where Arrow's own would not. Arrow calls it in goroutines
//     that nobody recovers, so that the panic of a limit would end the process. Where memory
//     is exhausted, or where an allocator in the context panics, it serves from the Go heap,
//     counts that, and keeps the first error. Do returns it. A limit is therefore reported,
//     and not enforced until Do returns; in a long pipeline ask [Allocator.Err] between steps.
//
// # Lifetime
//
// Arrow cannot notice the end of a scope. An Arrow array, record or scalar on memory of the
// scope must not be used after it, be it retained or not: copy it with [Detach] or
// [DetachRecord] before. Only what [From] and [FromTensor] return is checked, as every
// AllocArray is: it panics if it is used after the scope of its Allocator.
//
// # What bypasses the allocator
//
// Some code of Arrow v18.8.0 allocates from memory.DefaultAllocator or NewGoAllocator whatever
// the context says: package compute/exprs for lists of literals; scalar.FromScalar (use
// FromScalarWithAllocator); and what takes the allocator as an option, unless it is given:
// readers and writers of packages ipc (ipc.WithAllocator), csv, avro and array's JSON reader,
// and Flight. Buffers over a slice of the user's, such as memory.NewBufferBytes, allocate
// nothing. Bytes that bypass the scope are on the Go heap, and right.
package arrowscope
