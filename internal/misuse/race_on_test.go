//go:build race

package misuse_test

// raceEnabled says that the race detector is on.
const raceEnabled = true
