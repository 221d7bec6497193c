package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
)

// The tests are inside the package because a command exports nothing.

func TestRun(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, run(dir, 20, 3, nil))
	file, err := os.ReadFile(filepath.Join(dir, digits.FileName))
	require.NoError(t, err)
	s, err := digits.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, digits.Generate(20, 3), s)
}

func TestRunErrors(t *testing.T) {
	dir := t.TempDir()
	require.EqualError(t, run(dir, 0, 1, nil), `want -n of at least 1 and no arguments, got -n 0 and []`)
	require.EqualError(t, run(dir, 1, 1, []string{"x"}), `want -n of at least 1 and no arguments, got -n 1 and ["x"]`)
	require.ErrorIs(t, run(filepath.Join(dir, "none"), 1, 1, nil), os.ErrNotExist)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}
