package trial

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// Programs returns how many random programs a test runs: usual, a tenth of it with
// -short or where everything is slow, or as many as the environment variable
// ALLOCARRAYS_PROGRAMS says. It panics if that is no number.
func Programs(usual int) int {
	text, set := os.LookupEnv("ALLOCARRAYS_PROGRAMS")
	switch {
	case set:
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 {
			panic(fmt.Sprintf("scopetest: ALLOCARRAYS_PROGRAMS=%q is no positive number", text))
		}
		return n
	case testing.Short() || testenv.Slow():
		return max(1, usual/10)
	}
	return usual
}
