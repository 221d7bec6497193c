package input_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("content"), 0o600))
	require.NoError(t, os.Truncate(path, size))
	return path
}

func TestRead(t *testing.T) {
	for _, size := range []int64{0, 1, 7, 100} {
		data, err := input.Read(write(t, size), 100)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(append([]byte("content"), make([]byte, 100)...), data))
		require.Len(t, data, int(size))
	}
}

func TestReadErrors(t *testing.T) {
	_, err := input.Read(write(t, 101), 100)
	require.EqualError(t, err, "101 bytes or more, over the limit of 100")
	_, err = input.Read(t.TempDir(), 100)
	require.EqualError(t, err, "is a directory")
	_, err = input.Read(filepath.Join(t.TempDir(), "none"), 100)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotContains(t, err.Error(), "none")
}

func TestSpecialFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has its special files elsewhere")
	}
	for _, device := range []string{"/dev/zero", "/dev/null"} {
		_, err := input.Read(device, 100)
		require.EqualError(t, err, "is a device, not a file", device)
	}
	folder, err := os.MkdirTemp("", "") // t.TempDir may be too long for a socket
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	socket := filepath.Join(folder, "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer l.Close()
	_, err = input.Read(socket, 100)
	require.EqualError(t, err, "is not a file")
}

// TestHugeFile: a file of a terabyte, all holes, is refused at once.
func TestHugeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	if err := f.Truncate(1 << 40); err != nil {
		t.Skip("no room for holes: ", err)
	}
	require.Less(t, allocated(func() { _, err = input.Read(path, 1<<20) }), uint64(64<<10))
	require.EqualError(t, err, "1099511627776 bytes or more, over the limit of 1048576")
}

// allocated returns how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAwait(t *testing.T) {
	broken := errors.New("broken")
	v, err := input.Await(t.Context(), func() (int, error) { return 3, broken })
	require.Equal(t, 3, v)
	require.Equal(t, broken, err)

	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan bool)
	defer close(stuck)
	v, err = input.Await(ctx, func() (int, error) { cancel(); <-stuck; return 3, nil })
	require.Zero(t, v)
	require.Equal(t, input.ErrInterrupted, err)
}

func TestLine(t *testing.T) {
	a := strings.Repeat("a", 999)
	for text, want := range map[string]string{
		"":                           "",
		`784×128, "fc1", \n`:         `784×128, "fc1", \n`,
		"two\nlines\r\tand\x1b[J":    `two\nlines\r\tand\x1b[J`,
		"\xff\u202e\ufffd":           `\xff\u202e�`,
		a + "b":                      a + "b",
		a + "bc":                     a[:700] + " … 1 bytes … " + a[:298] + "bc",
		a[:699] + "×" + a:            a[:699] + " … 701 bytes … " + a[:300],
		strings.Repeat("\x80", 1001): strings.Repeat(`\x80`, 700) + " … 1 bytes … " + strings.Repeat(`\x80`, 300),
	} {
		require.Equal(t, want, input.Line(errors.New(text)))
	}
	require.Less(t, len(input.Line(errors.New(strings.Repeat("\x00", 1<<20)))), 5000)
}
