//go:build asan

package bumper_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// poisonChild names, in the environment, how a process is to release the memory that
// it then accesses.
const poisonChild = "ALLOCARRAYS_POISON_CHILD"

// TestReleasePoisons runs TestPoisonChild in a process for each way to release memory:
// the address sanitizer reports the use of what was released, and of nothing else.
func TestReleasePoisons(t *testing.T) {
	run := func(name string) (string, error) {
		cmd := testenv.Self("-test.run", "^TestPoisonChild$")
		cmd.Env = append(os.Environ(), poisonChild+"="+name, "ALLOCARRAYS_GUARD=off")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	report, err := run("intact")
	require.NoError(t, err, report)
	for name := range poisoned {
		if name == "intact" {
			continue
		}
		report, err := run(name)
		require.Error(t, err, name)
		require.Contains(t, report, "AddressSanitizer: use-after-poison", name)
		require.NotContains(t, report, "nothing was noticed", name)
	}
}

// poisoned returns a slice whose memory was released.
var poisoned = map[string]func(t *testing.T) []float64{
	"Reset": func(t *testing.T) []float64 {
		buf := bumper.NewSlabBuffer()
		s := scope.Make[float64](scope.WithAllocator(t.Context(), buf), 1000)
		_ = buf.Reset()
		return s
	},
	"Restore": func(t *testing.T) []float64 {
		buf := bumper.NewAllocBuffer(1 << 20)
		cp := buf.Checkpoint()
		s := scope.Make[float64](scope.WithAllocator(t.Context(), buf), 1000)
		_ = buf.Restore(cp)
		return s
	},
	"NoEscape":    func(t *testing.T) []float64 { return left(t, bumper.NewAutoscalingBuffer()) },
	"custom slab": func(t *testing.T) []float64 { return left(t, bumper.NewSlabBuffer(bumper.SlabSize(100))) },
	"read":        func(t *testing.T) []float64 { return left(t, bumper.NewSlabBuffer()) },
	"intact": func(t *testing.T) []float64 { // released, and handed out again
		buf := bumper.NewSlabBuffer()
		_ = left(t, buf)
		return scope.Make[float64](scope.WithAllocator(t.Context(), buf), 1000)
	},
}

func left(t *testing.T, buf bumper.Buffer) (s []float64) {
	_ = scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
		s = scope.Make[float64](ctx, 1000)
		return nil
	})
	return s
}

// TestPoisonChild is what TestReleasePoisons runs in processes.
func TestPoisonChild(t *testing.T) {
	name := os.Getenv(poisonChild)
	get, ok := poisoned[name]
	if !ok {
		t.Skip("run by TestReleasePoisons")
	}
	s := get(t)
	if name == "read" {
		sink = append(sink[:0], s[500])
	} else {
		s[500] = 1
	}
	if name != "intact" {
		t.Log("nothing was noticed")
	}
}
