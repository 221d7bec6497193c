package scopetest

import (
	"fmt"
	"os"
	"strconv"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// Programs returns how many random programs a test runs: usual, or as many as the
// environment variable ALLOCARRAYS_PROGRAMS says. It panics if that is no number.
func Programs(usual int) int {
	text, set := os.LookupEnv("ALLOCARRAYS_PROGRAMS")
	if !set {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		panic(fmt.Sprintf("conformance: ALLOCARRAYS_PROGRAMS=%q is no positive number", text))
	}
	return n
}

// thoroughness is how much is tried where more is better; the race detector makes
// everything ten times slower.
func thoroughness() int {
	if testenv.Race {
		return 1
	}
	return 5
}
