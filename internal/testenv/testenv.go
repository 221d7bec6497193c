// Package testenv tells tests what they run under.
package testenv

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Guarded reports whether the environment switches guard mode on: see scope/guard.
func Guarded() bool {
	mode := os.Getenv("ALLOCARRAYS_GUARD")
	return mode != "" && mode != "off"
}

// Slow reports whether the race detector or guard mode is on: either makes
// everything about ten times slower.
func Slow() bool { return Race || Guarded() }

// NeedAllocationCounts skips the test if allocations on the Go heap cannot be
// counted, and says why: the race detector and guard mode allocate by themselves.
func NeedAllocationCounts(t testing.TB) {
	t.Helper()
	if Race {
		t.Skip("the race detector allocates")
	}
	if Guarded() {
		t.Skip("guard mode allocates")
	}
}

// Self returns the command that runs the test binary again with the arguments given.
// Where the binary needs an emulator, ALLOCARRAYS_EXEC names it, as the -exec flag of
// go test does.
func Self(args ...string) *exec.Cmd {
	command := append(strings.Fields(os.Getenv("ALLOCARRAYS_EXEC")), os.Args[0])
	command = append(command, args...)
	return exec.Command(command[0], command[1:]...)
}
