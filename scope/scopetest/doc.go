// Package scopetest tests allocators, buffers, storage sources and wrappers against
// their contracts, as testing/fstest tests file systems.
//
// A test hands over a constructor:
//
//	func TestPool(t *testing.T) {
//		scopetest.TestCheckpointer(t, func() memory.Checkpointer { return NewPool(1 << 20) })
//	}
//
// There is one function for each contract. Call the one for the largest that yours
// keeps, and those of its other sides:
//
//   - [TestAllocator]: [scope.Allocator], one method.
//   - [TestCheckpointer]: [memory.Checkpointer], so that NoEscape releases memory.
//   - [TestBuffer]: [bumper.Buffer], which can be shared by package locked too.
//   - [TestWrapper]: [memory.Wrapper], which limits, counts or falls back.
//   - [TestSource]: [bumper.Source], the storage that buffers stand on.
//   - [TestOnSource]: an allocator that takes its storage from a source.
//   - [TestConcurrent]: an allocator that is safe for concurrent use.
//
// An allocator that is a [memory.Releaser], itself or in its scopes, is tested for that contract
// too, by TestAllocator, TestCheckpointer and TestBuffer.
//
// # Reports
//
// Each rule of a contract is a subtest. One that fails says how the rule was broken,
// quotes the contract, and shows the shortest program found that breaks it:
//
//	--- FAIL: TestPool/order
//	    order: a.Restore(cp1) returns no error
//	    the contract: Levels end in the reverse order of their beginning: Restore of a
//	    checkpoint above which another level is open is an error and changes nothing.
//	    the shortest program found:
//	        a := new()
//	        cp1 := a.Checkpoint()
//	        cp2 := a.Checkpoint()
//	        err = a.Restore(cp1) // <nil> // ← order
//
// The programs are the same ones each time. Some go to the limits of the contract, some
// are random; while one runs, every live byte and stamp is compared with a model. The
// environment variable ALLOCARRAYS_PROGRAMS says how many random ones to run; the
// default is 60, and 20 with -short.
//
// Reports go to a testing.TB, which may be one that a test of your tests makes up.
//
// # Write your own allocator
//
// In this order:
//
//  1. Alloc. Let [memory.Alignment] tell the alignment, and [bumper.Fit] where the block
//     goes in your memory. Give every block the Stamp of a [memory.Epoch], or the zero
//     Stamp if its memory is never reused. Refuse with a [scope.ExhaustedError], before
//     anything has changed.
//  2. Checkpoint and Restore, if scopes shall release memory. Embed [bumper.Levels]: it
//     keeps the levels and the stamps, and tells what to set back. With Unwind, a scope
//     ends even if the function in it panicked between the two.
//  3. Reset and Stats, which make it a [bumper.Buffer].
//  4. Release, if single blocks shall be released before their scope ends. Give each block an
//     epoch of its own, made by [memory.NewBlockEpoch], and use the epochs again.
//  5. A lock, if goroutines shall share it; or leave that to package locked.
//
// The example is a complete allocator of a page, with size classes and free lists.
package scopetest
