//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// A child is the program in a process of its own.
type child struct {
	cmd    *exec.Cmd
	stdout io.Reader
	stderr bytes.Buffer
}

// start starts the program.
func start(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{cmd: testenv.Self(args...)}
	c.cmd.Env = append(os.Environ(), childVariable+"=1")
	c.cmd.Stderr = &c.stderr
	var err error
	c.stdout, err = c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	return c
}

// signal sends a signal and returns the exit code, -1 if the signal ended the process.
// A process that goes on for ten seconds is stuck.
func (c *child) signal(t *testing.T, s os.Signal) int {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(s))
	stuck := time.AfterFunc(10*time.Second, func() { _ = c.cmd.Process.Kill() })
	_ = c.cmd.Wait()
	require.True(t, stuck.Stop(), "%v does not end the program", s)
	return c.cmd.ProcessState.ExitCode()
}

// pipes are the flags that name a pipe, and the text by which an error calls it.
func pipes(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "t10k-images-idx3-ubyte")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	return map[string]string{"-model " + fifo: fifo, "-image " + fifo: fifo, "-data " + dir: dir}
}

var signals = []os.Signal{syscall.SIGINT, syscall.SIGTERM}

// TestSignalWhileOpening: a pipe that nobody opens for writing is waited for, and either
// signal ends the waiting with one line.
func TestSignalWhileOpening(t *testing.T) {
	for args, path := range pipes(t) {
		for _, s := range signals {
			t.Run(args+" "+s.String(), func(t *testing.T) {
				code, stderr := -1, ""
				for wait := 100 * time.Millisecond; code == -1 && wait < 10*time.Second; wait *= 2 { // until the process listens to signals
					c := start(t, strings.Fields(args)...)
					time.Sleep(wait)
					code = c.signal(t, s)
					stderr = c.stderr.String()
				}
				require.Equal(t, 1, code)
				require.Equal(t, "inference: interrupted while reading "+path+"\n", stderr)
			})
		}
	}
}

// TestSignalWhileReading: the same when the writer has begun and does not go on.
func TestSignalWhileReading(t *testing.T) {
	for args, path := range pipes(t) {
		for _, s := range signals {
			t.Run(args+" "+s.String(), func(t *testing.T) {
				c := start(t, strings.Fields(args)...)
				fifo := path
				if strings.HasPrefix(args, "-data") {
					fifo = filepath.Join(path, "t10k-images-idx3-ubyte")
				}
				w, err := os.OpenFile(fifo, os.O_WRONLY, 0) // when the program has opened it
				require.NoError(t, err)
				defer w.Close()
				_, err = w.Write([]byte("\x89PNG\r\n\x1a\n"))
				require.NoError(t, err)
				require.Equal(t, 1, c.signal(t, s))
				require.Equal(t, "inference: interrupted while reading "+path+"\n", c.stderr.String())
			})
		}
	}
}

// TestSignalWhileMeasuring: what was measured so far is printed, and is no failure.
func TestSignalWhileMeasuring(t *testing.T) {
	for _, s := range signals {
		c := start(t, "-duration", "1h")
		var text []byte
		for !bytes.Contains(text, []byte("All runs share")) {
			part := make([]byte, 4096)
			n, err := c.stdout.Read(part)
			require.NoError(t, err)
			text = append(text, part[:n]...)
		}
		time.Sleep(50 * time.Millisecond)
		rest := make(chan []byte)
		go func() {
			part, _ := io.ReadAll(c.stdout)
			rest <- part
		}()
		require.NoError(t, c.cmd.Process.Signal(s))
		select {
		case part := <-rest:
			text = append(text, part...)
		case <-time.After(10 * time.Second):
			_ = c.cmd.Process.Kill()
			t.Fatalf("%v does not end the program", s)
		}
		require.NoError(t, c.cmd.Wait())
		require.Contains(t, string(text), "Interrupted: this is what was measured until then.\n")
		require.Empty(t, c.stderr.String())
	}
}

// TestModelFromAPipe: a pipe with a writer is as good as a file.
func TestModelFromAPipe(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "model")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	done := make(chan error, 1)
	go func() { done <- os.WriteFile(fifo, embeddedModel, 0) }()
	text := succeed(t, t.Context(), "-model", fifo, "-image", writePNG(t, 3, true))
	require.NoError(t, <-done)
	require.Contains(t, text, " is a 3, ")
}
