//go:build race

package scope_test

// raceEnabled says that the race detector is on, which allocates by itself and
// makes everything ten times slower.
const raceEnabled = true
