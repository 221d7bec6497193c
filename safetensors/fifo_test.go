//go:build unix

package safetensors_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/safetensors"
)

// TestOpenPipe: a named pipe, which nobody writes to, is refused and not waited for.
func TestOpenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	failed := make(chan error, 1)
	go func() {
		_, err := safetensors.Open(path)
		failed <- err
	}()
	select {
	case err := <-failed:
		require.EqualError(t, err, "safetensors: "+path+": not a regular file")
	case <-time.After(10 * time.Second):
		require.Fail(t, "Open waits for a writer")
	}
}
