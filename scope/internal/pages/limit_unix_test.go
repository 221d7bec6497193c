//go:build linux || darwin

package pages_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// TestReservationUnderALimit: a process that has few addresses left gets a smaller
// reservation, of 16 MiB at the least.
func TestReservationUnderALimit(t *testing.T) {
	const child = "ALLOCARRAYS_PAGES_CHILD"
	if runtime.GOOS != "linux" || strconv.IntSize == 32 || testenv.Race {
		t.Skip("limits the addresses of a process of 64 bits, without the race detector's own")
	}
	if free, err := strconv.Atoi(os.Getenv(child)); err == nil {
		g := newGuards(t, &pages.Faulty{})
		var taken [][]byte
		for {
			mem, err := syscall.Mmap(-1, 0, 16<<20, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			if err != nil {
				break
			}
			taken = append(taken, mem)
		}
		for _, mem := range taken[:free] {
			require.NoError(t, syscall.Munmap(mem))
		}
		require.True(t, place(g, 100, 1, 1).Moved())
		fmt.Println("reserved", g.Reservation())
		return
	}
	for free, want := range map[string]string{"1": "16777216", "2": "(16777216|33554432)", "12": "(67108864|134217728)"} {
		self := testenv.Self("-test.run", "^TestReservationUnderALimit$")
		cmd := exec.Command("sh", append([]string{"-c", `ulimit -v 4194304 && exec "$@"`, "sh"}, self.Args...)...)
		cmd.Env = append(os.Environ(), child+"="+free)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Regexp(t, "reserved "+want+"\\n", string(out), "%s times 16 MiB", free)
	}
}
