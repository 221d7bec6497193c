package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/verify/misuse/corpus"
	"github.com/allocarrays/allocarrays-go/verify/misuse/matrix"
)

func TestMain(m *testing.M) {
	if matrix.IsChild() {
		if err := matrix.Child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

const page = "../../docs/safety.md"

// TestPage: docs/safety.md says what comes of each program. What depends on timing is
// tried less often than by the command.
func TestPage(t *testing.T) {
	switch {
	case testenv.Race:
		t.Skip("guard mode and the race detector exclude each other; the command has a column for that")
	case runtime.GOOS != "linux" && runtime.GOOS != "darwin":
		t.Skip("no page protection on this system: released memory is poisoned only")
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	results, err := runner(3).Run(steady)
	require.NoError(t, err)
	diff := results.Differences(string(text), steady)
	require.Empty(t, diff, "the page (-) is not what was seen (+):\n%s", strings.Join(diff, "\n"))
}

// runner runs programs in processes of this test.
func runner(tries int) matrix.Runner {
	if testing.Short() {
		tries = 1
	}
	return matrix.Runner{
		Command: func() *exec.Cmd { return testenv.Self() },
		Tries:   tries,
		Workers: runtime.NumCPU(),
	}
}

// steady reports whether the outcome of a program is the same on all processors: the
// check at the end of an operation is best effort on some.
func steady(name string) bool {
	return runtime.GOARCH == "amd64" || !timing[name]
}

var timing = func() map[string]bool {
	names := map[string]bool{}
	for _, f := range corpus.Families {
		for _, p := range f.Programs {
			names[f.Name+"/"+p.Name] = p.Timing
		}
	}
	return names
}()

// TestNames: every program has a name and a description of its own.
func TestNames(t *testing.T) {
	names, whats, count := map[string]bool{}, map[string]bool{}, 0
	for _, f := range corpus.Families {
		require.False(t, names[f.Name])
		names[f.Name] = true
		for _, p := range f.Programs {
			require.False(t, names[f.Name+"/"+p.Name] || whats[f.Name+p.What], "%s/%s", f.Name, p.Name)
			names[f.Name+"/"+p.Name], whats[f.Name+p.What] = true, true
			require.NotContains(t, p.What, "|")
			count++
		}
	}
	require.GreaterOrEqual(t, count, 80)
}

// TestDifferences: a page that says anything else than what was seen is found out,
// whatever is wrong with it.
func TestDifferences(t *testing.T) {
	wanted := func(name string) bool { return name == "escape/array-return" || name == "escape/slice-bare-goroutine" }
	results, err := runner(1).Run(wanted)
	require.NoError(t, err)
	good, err := matrix.Page("Before.\n<!-- begin: go run ./verify/misuse -race -write -->\n<!-- end -->\nBehind.\n", results.Tables(nil))
	require.NoError(t, err)
	require.Empty(t, results.Differences(good, wanted))
	require.True(t, strings.HasPrefix(good, "Before.\n") && strings.HasSuffix(good, "Behind.\n"))
	require.Contains(t, good, "| wrong data / ends the program |")

	for _, change := range [][2]string{
		{"| caught |", "| correct |"},
		{"| wrong data / ends the program |", "| wrong data / caught |"},
		{"| wrong data / ends the program |", "| caught |"},
		{"whose scope has ended", "whose scope ended"},
		{"an array returned from its scope", "an array"},
		{"`escape/array-return`", "`escape/array-returned`"},
		{"fatal error: fault", "fatal error"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		require.NotEqual(t, good, bad, change)
		require.NotEmpty(t, results.Differences(bad, func(string) bool { return true }), change)
	}
	_, err = matrix.Page("no marks", "tables")
	require.ErrorContains(t, err, "misuse: the page lacks the lines")
}

// TestLuck: what depends on timing may come out better than the page says, not worse.
func TestLuck(t *testing.T) {
	name := "meanwhile/writer-slice"
	wanted := func(n string) bool { return n == name }
	results := matrix.Results{name: {Cells: map[corpus.Kind]matrix.Cell{
		corpus.Plain:     {corpus.Caught, corpus.Caught, corpus.Caught},
		corpus.Locked:    {corpus.Wrong, corpus.Caught, corpus.Caught},
		corpus.Isolating: {corpus.Correct, corpus.Correct, corpus.Correct},
		corpus.OffHeap:   {corpus.Wrong, corpus.Dies, corpus.Caught},
	}, Raced: map[corpus.Kind]matrix.Raced{corpus.Plain: {Runs: 20, Reports: 20}, corpus.Locked: {Runs: 20, Reports: 3}, corpus.Isolating: {Runs: 20}}}}
	seen, err := matrix.Page("<!-- begin: go run ./verify/misuse -race -write -->\n<!-- end -->", results.Tables(nil))
	require.NoError(t, err)
	require.Contains(t, seen, "| caught | wrong data / caught | correct | wrong data / ends the program / caught |  | reported: plain; at times: locked |")
	for said, ok := range map[string]bool{
		"| caught | wrong data / caught | correct | wrong data / ends the program / caught |  | reported: plain; at times: locked |":   true,
		"| wrong data / caught | wrong data | correct | wrong data / ends the program / caught |  | silent |":                          true,
		"| caught | caught | correct | wrong data / ends the program / caught |  | reported: plain; at times: locked |":                false,
		"| caught | wrong data / caught | correct | wrong data / caught |  | reported: plain; at times: locked |":                      false,
		"| caught | wrong data / caught | correct | wrong data / ends the program / caught |  | reported: plain, off-heap |":           false,
		"| caught | wrong data / caught | correct | wrong data / ends the programme / caught |  | reported: plain; at times: locked |": false,
	} {
		page := strings.Replace(seen, "| caught | wrong data / caught | correct | wrong data / ends the program / caught |  | reported: plain; at times: locked |", said, 1)
		require.Equal(t, ok, len(results.Differences(page, wanted)) == 0, said)
	}
}

// TestCells: a cell is read as it was written.
func TestCells(t *testing.T) {
	for a := corpus.Skipped; a <= corpus.Correct; a++ {
		for b := corpus.Skipped; b <= corpus.Correct; b++ {
			for c := corpus.Skipped; c <= corpus.Correct; c++ {
				cell := matrix.Cell{a, b, c}
				again, err := matrix.ParseCell(cell.String())
				require.NoError(t, err)
				require.Equal(t, cell, again)
			}
		}
	}
	_, err := matrix.ParseCell("good")
	require.EqualError(t, err, `misuse: no verdict is called "good"`)
}
