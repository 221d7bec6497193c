// Package trial puts allocators on trial: it runs programs of operations over them,
// compares every live byte and stamp with a model, and cuts the program that breaks a
// rule down to the few statements that matter.
//
// It is the engine of package scopetest, which authors of allocators use, and of this
// module's own fuzz and property tests.
//
// A [Ledger] is the model: it knows each live block and what was written into it. A
// [Program] is operations as data, decoded from bytes by [Decode], so that every
// string of bytes is a program. A [Subject] says what the program runs over.
// [RunRegions] does the same for regions that are open at the same time.
package trial
