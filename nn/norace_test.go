//go:build !race

package nn_test

import "os"

// raceEnabled: the race detector and guard mode allocate, so that allocations cannot
// be counted.
var raceEnabled = os.Getenv("ALLOCARRAYS_GUARD") != ""
