// Mutants plants bugs in the code, one at a time, and checks that the tests find each: a
// test suite is worth what it kills.
//
//	go run ./verify/mutants             all that were drawn; an hour on two cores
//	go run ./verify/mutants -sample 40  some, chosen by the day
//	go run ./verify/mutants -run fit.go those whose name matches
//	go run ./verify/mutants -list       their names
//	go run ./verify/mutants -results f  goes on where a run that wrote f was interrupted
//
// It prints a line for each mutant and the sums, and exits with 1 if an ordinary one
// survived.
//
// # Mutants
//
// The operators are applied to every function of the packages; function literals outside
// functions and constants outside functions are left alone:
//
//   - condition: never and always true; side: one side of && or || left out;
//     comparison: < and <=, == and != confused; return: a bool inverted, an error nil
//   - arithmetic: + and - confused, and their like; constant: one more, and slices from
//     one later or to one earlier; minmax: the other one
//   - remove: a call, or what an assignment stores, left out; defer, branch, case: such a
//     statement left out; once: only the first round of a loop
//   - swap: two neighbouring effects in the other order, if one can see the other
//   - lock: a Lock left out with its Unlock; wait: Wait or Gosched left out; atomic: a
//     store left out, or a failed CompareAndSwap taken for a success
//   - found: bugs planted by hand that no test found once
//
// Two kinds are counted apart, as memory order, because they only show on processors that
// reorder, or to the race detector: plain accesses in the place of atomic ones, and swaps
// that move an atomic one. They may survive where the machine does not reorder.
//
// Of some thousand mutants a fixed part is drawn, by a hash of the mutant's name; -all
// takes every one. Those drawn that change nothing that a test could see are listed with
// the reason: see equivalent.go.
//
// When this was written 2,102 were drawn: one in two of scope, of what is below it and of
// handshake, one in six of bumper, offheap and locked, one in eight of meter and one in 24 of
// allocarray. The tests killed all 2,056 ordinary ones, 73 of them by hanging; 208 others that change
// nothing are listed. The race detector found 19 of 46 memory-order ones.
//
// # How they are tried
//
// All mutants are built into one set of test binaries, by way of the go command's
// -overlay: a function begins with a switch that has a whole mutated body for each of its
// mutants, and an environment variable chooses. Each test runs once without a mutant,
// which tells what functions it runs and how long it takes; a mutant is then shown to the
// tests that run its function, the cheapest first, and, if it is about locks or memory
// order, with the race detector. One that hangs, on a machine that is busy too, is killed. A
// test that is skipped in short runs must fail twice, and pass without. Tests that need the compiler to
// inline what a switch stands in, such as some that count allocations, are left out and
// named.
package main
