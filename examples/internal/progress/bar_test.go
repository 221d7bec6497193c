package progress_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
)

func TestBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		bar := progress.NewOn(&out, "reading", 200)
		bar.Set(0, "")
		bar.Set(1, "too soon to be drawn")
		time.Sleep(time.Second)
		bar.Set(100, "half")
		time.Sleep(time.Second)
		bar.Set(999, "beyond")
		bar.Close()
		bar.Close()
		require.Equal(t, []string{
			"",
			"reading [..............................] 0 % ",
			"reading [###############...............] 50 % half",
			"reading [##############################] 100 % beyond",
			"",
		}, strings.Split(out.String(), "\r\x1b[K"))
	})
}

func TestNothingOnWhatIsNoTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	var memory bytes.Buffer
	for _, out := range []io.Writer{w, &memory} {
		require.False(t, progress.Terminal(out))
		bar := progress.New(out, "label", 10)
		bar.Set(5, "")
		bar.Close()
	}
	require.NoError(t, w.Close())
	piped, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, piped)
	require.Empty(t, memory.String())
}

func TestDrawingAllocatesNothing(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	i := 0
	allocs := testing.AllocsPerRun(100, func() {
		bar := progress.NewOn(null, "label", 100)
		bar.Set(i, "note")
		i++
	})
	require.LessOrEqual(t, allocs, 2.0, "the bar and its line, made here, and nothing else")
}
