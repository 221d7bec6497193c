package misuse_test

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A promise is how a mistake ends.
type promise string

const (
	construction promise = "correct by construction"
	always       promise = "caught always"
	inGuardMode  promise = "caught in guard mode"
	rightInGuard promise = "correct in guard mode"
)

// modes are the guard modes in which a promise holds.
func (p promise) modes() []guard.Mode {
	if p == inGuardMode || p == rightInGuard {
		return []guard.Mode{guard.Full}
	}
	return []guard.Mode{guard.Off, guard.Full}
}

// A mistake is a program that does one thing wrong.
type mistake struct {
	name    string // of the subtest
	what    string // the first column of docs/safety.md
	promise promise
	message string // what is said about it, with placeholders; see pattern
	dies    bool   // it ends the process

	// program makes the mistake. It returns the error or lets the panic go with which
	// it ends; one that is correct by construction checks that it is, and returns nil.
	program func(t *testing.T) error
}

// placeholders stand in messages for what differs from run to run.
var placeholders = strings.NewReplacer(
	"PLACE", `\S*/misuse/\w+_test\.go:\d+ \(\S+\)`,
	"STACK", `\s+(\S+\.go:\d+ \(\S+\)\s+)*?\S*/misuse/\w+_test\.go:\d+ \(\S+\)\s+(\S+:\d+ \(\S+\)\s+)*`,
	"FILE:LINE", `\S*/misuse/\w+_test\.go:\d+`,
	"ADDRESS", `0x[0-9a-f]+`,
)

// pattern turns a message into a regular expression.
func pattern(message string) *regexp.Regexp {
	return regexp.MustCompile(placeholders.Replace(regexp.QuoteMeta(message)))
}

// families are the tests of the corpus and what they run, in the document's order.
var families = []struct {
	test     string
	mistakes []mistake
}{
	{"TestEscape", escapes},
	{"TestRelease", releases},
	{"TestOrder", orders},
	{"TestBounds", bounds},
	{"TestSharing", sharings},
	{"TestLeak", leaks},
	{"TestOffHeap", offHeap},
	{"TestAllocators", allocators},
	{"TestEnding", endings},
}

func TestEscape(t *testing.T)     { run(t, escapes) }
func TestRelease(t *testing.T)    { run(t, releases) }
func TestOrder(t *testing.T)      { run(t, orders) }
func TestBounds(t *testing.T)     { run(t, bounds) }
func TestSharing(t *testing.T)    { run(t, sharings) }
func TestLeak(t *testing.T)       { run(t, leaks) }
func TestOffHeap(t *testing.T)    { run(t, offHeap) }
func TestAllocators(t *testing.T) { run(t, allocators) }
func TestEnding(t *testing.T)     { run(t, endings) }

func run(t *testing.T, family []mistake) {
	for _, m := range family {
		t.Run(m.name, func(t *testing.T) {
			if m.promise == inGuardMode || m.promise == rightInGuard {
				requirePages(t)
			}
			for _, mode := range m.promise.modes() {
				m.check(t, mode)
			}
		})
	}
}

func (m mistake) check(t *testing.T, mode guard.Mode) {
	if m.dies {
		m.checkDeath(t, mode)
		return
	}
	defer guard.Set(guard.Set(mode))
	said := outcome(func() error { return m.program(t) })
	if m.message == "" {
		require.Empty(t, said)
		return
	}
	require.Regexp(t, pattern(m.message), said, "in mode %d", mode)
}

// outcome runs f and returns the text of its error or panic, empty if there is none.
func outcome(f func() error) (said string) {
	defer func() {
		if v := recover(); v != nil {
			said = fmt.Sprint(v)
		}
	}()
	if err := f(); err != nil {
		return err.Error()
	}
	return ""
}

// child says, in the environment, that the process is to make one mistake and die.
const child = "ALLOCARRAYS_MISUSE_CHILD"

// checkDeath makes the mistake in a process of its own, which must die of it.
func (m mistake) checkDeath(t *testing.T, mode guard.Mode) {
	if os.Getenv(child) != "" {
		guard.Set(mode)
		require.NoError(t, m.program(t))
		return
	}
	cmd := testenv.Self("-test.run", "^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err, "it lives: %s", out)
	require.Regexp(t, pattern(m.message), string(out))
}

// requirePages skips where pages cannot be protected.
func requirePages(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("no page protection on this system: released memory is poisoned only")
	}
}
