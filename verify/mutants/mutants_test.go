package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMutantsFit: every mutant still fits the source; hunting them is for the
// command.
func TestMutantsFit(t *testing.T) {
	require.GreaterOrEqual(t, len(mutants), 30)
	names := map[string]bool{}
	for _, m := range mutants {
		require.False(t, names[m.Name], m.Name)
		names[m.Name] = true
		source, err := os.ReadFile(filepath.Join("../..", m.File))
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(source), m.Old), "%s: %q in %s", m.Name, m.Old, m.File)
		require.NotEqual(t, m.Old, m.New)
	}
}

func TestApplyAndUndo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.go")
	require.NoError(t, os.WriteFile(path, []byte("one two"), 0o644))
	undo, err := mutant{"m", "a.go", "two", "three"}.apply(dir)
	require.NoError(t, err)
	got, _ := os.ReadFile(path)
	require.Equal(t, "one three", string(got))
	require.NoError(t, undo())
	got, _ = os.ReadFile(path)
	require.Equal(t, "one two", string(got))

	_, err = mutant{"m", "a.go", "four", ""}.apply(dir)
	require.ErrorContains(t, err, "is there 0 times")
	_, err = mutant{"m", "b.go", "", ""}.apply(dir)
	require.Error(t, err)
}

func TestChoose(t *testing.T) {
	all := choose(0, regexp.MustCompile(""))
	require.Len(t, all, len(mutants))
	require.Len(t, choose(3, regexp.MustCompile("")), 3)
	require.Len(t, choose(0, regexp.MustCompile("^missed rewind$")), 1)
}
