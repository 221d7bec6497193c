// Mutants plants bugs in a copy of the core, one at a time, and checks that the
// tests find each: a test suite is worth what it kills.
//
//	go run ./verify/mutants             all of them; minutes
//	go run ./verify/mutants -sample 6   some, chosen by the day
//	go run ./verify/mutants -run missed those whose name matches
//
// It prints a line for each mutant and killed/total at the end, and exits with 1 if
// one survived. A mutant is an exact piece of source and its replacement; if the
// source has moved on and the piece is not there exactly once, that is an error.
package main
