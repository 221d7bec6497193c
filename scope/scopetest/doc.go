// Package conformance checks that an allocator keeps the contracts of packages
// scope and bumper.
//
// [TestAllocator] and [TestBuffer] run every rule as a subtest; a failure names
// the rule and quotes the contract that was broken. [CheckAllocator] and
// [CheckBuffer] return the same findings as an error, in the manner of
// testing/slogtest, so that the suite itself can be tested: allocators with a
// planted bug must be found out.
//
// What the rules have in common is a [Ledger]. It knows every live block and
// what was written into it, and compares all of them after every operation, so
// that an overlap, a block that is handed out twice or a stamp that dies too
// early shows at the operation that caused it.
//
// [RunProgram] and its like interpret bytes as operations and compare a buffer
// with a model: the ground of fuzz and property tests.
package scopetest
