//go:build race

package allocarray_test

// raceEnabled: the race detector allocates, so that allocations cannot be counted.
const raceEnabled = true
