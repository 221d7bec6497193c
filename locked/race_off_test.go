//go:build !race

package locked_test

import "os"

// raceEnabled says that the race detector or guard mode is on, which allocate by
// themselves and make everything ten times slower.
var raceEnabled = os.Getenv("ALLOCARRAYS_GUARD") != ""
