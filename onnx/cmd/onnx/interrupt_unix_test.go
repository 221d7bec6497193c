//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// TestPipes: models and inputs may come from pipes, and outputs go to them.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	pipe := func(name string) string {
		name = filepath.Join(dir, name)
		require.NoError(t, syscall.Mkfifo(name, 0o600))
		return name
	}
	model, in, out := pipe("model"), pipe("in"), pipe("out.npy")
	go os.WriteFile(model, identity(tensor.Float, -1), 0)
	go os.WriteFile(in, npyFloats(t, []int{2}, 3, 4), 0)
	got := make(chan []byte)
	go func() {
		b, _ := os.ReadFile(out)
		got <- b
	}()
	status, _, problems := onnx(t, "run", "-in", in, "-out", out, model)
	require.Zero(t, status, problems)
	require.Equal(t, npyFloats(t, []int{2}, 3, 4), <-got)
	info, err := os.Stat(out)
	require.NoError(t, err)
	require.Equal(t, os.ModeNamedPipe, info.Mode().Type(), "it is still a pipe")

	// A file of another size than it says is read as far as it goes, and no further than -memory.
	go os.WriteFile(in, make([]byte, 2<<20), 0)
	status, _, problems = onnx(t, "run", "-in", in, "-memory", "1", put(t, dir, "m.onnx", identity(tensor.Float, -1)))
	require.Equal(t, 1, status)
	require.Contains(t, problems, "more than 1048576 bytes")
}

// TestInterrupted: a pipe that nobody writes to keeps no command, and nothing is left behind.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	model := put(t, dir, "m.onnx", identity(tensor.Float, -1))
	before := listed(t, dir)
	for _, args := range [][]string{
		{"info", pipe}, {"map", "-o", filepath.Join(dir, "m.svg"), pipe}, {"bench", "-in", pipe, model}, {"bench", "-for", "1h", model},
		{"run", "-in", pipe, "-out", filepath.Join(dir, "out.npy"), model}, {"verify", pipe},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		status := make(chan int)
		var out, problems bytes.Buffer
		go func() { status <- command(ctx, args, &out, &problems) }()
		cancel()
		require.Equal(t, 130, <-status)
		require.Equal(t, "onnx "+args[0]+": interrupted\n", problems.String())
		require.Empty(t, out.String())
		require.Equal(t, before, listed(t, dir))
	}
}
