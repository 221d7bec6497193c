//go:build race

package offheap_test

// raceEnabled says that the race detector is on, which allocates by itself and
// makes everything ten times slower.
const raceEnabled = true
