//go:build unix

package input_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
)

// TestPipe: what arrives through a pipe is content, up to the limit.
func TestPipe(t *testing.T) {
	for size, want := range map[int]string{0: "", 99: "", 100: "", 101: "101 bytes or more, over the limit of 100", 1 << 20: "101 bytes or more, over the limit of 100"} {
		path := filepath.Join(t.TempDir(), "pipe")
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		written := make(chan bool)
		go func() {
			defer close(written)
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = f.Write(bytes.Repeat([]byte{7}, size)) // fails if the reader has enough
			f.Close()
		}()
		data, err := input.Read(path, 100)
		<-written
		if want != "" {
			require.EqualError(t, err, want)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, bytes.Repeat([]byte{7}, size), append([]byte{}, data...))
	}
}
