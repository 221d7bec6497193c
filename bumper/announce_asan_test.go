package bumper_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReleasePoisons builds this package's tests with the address sanitizer and runs
// TestPoisonChild of them in a process for each way to release memory. It is skipped
// where the tools for that are missing: cgo, a C compiler, its libasan.
func TestReleasePoisons(t *testing.T) {
	if testing.Short() {
		t.Skip("builds another test binary")
	}
	if os.Getenv(poisonChild) != "" {
		t.Skip("run by itself")
	}
	binary := t.TempDir() + "/asan.test"
	out, err := exec.Command("go", "test", "-c", "-asan", "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Skipf("no address sanitizer here: %v\n%s", err, out)
	}
	run := func(name string) (string, error) {
		cmd := exec.Command(binary, "-test.run", "^TestPoisonChild$")
		cmd.Env = append(os.Environ(), poisonChild+"="+name, "ALLOCARRAYS_GUARD=off")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	report, err := run("intact")
	if strings.Contains(report, "AddressSanitizer") && !strings.Contains(report, "use-after-poison") {
		t.Skipf("the address sanitizer does not run here: %s", report)
	}
	require.NoError(t, err, report)
	for _, name := range []string{"Reset", "Restore", "NoEscape", "custom slab", "read"} {
		report, err := run(name)
		require.Error(t, err, name)
		require.Contains(t, report, "AddressSanitizer: use-after-poison", name)
		require.NotContains(t, report, "nothing was noticed", name)
	}
}

// poisonChild names, in the environment, how a process is to release the memory that
// it then touches.
const poisonChild = "ALLOCARRAYS_POISON_CHILD"
