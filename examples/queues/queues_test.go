package queues_test

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// handle is what a message is for: it sends the variance of the numbers in it.
func handle(out chan<- float64) func(context.Context, []byte) error {
	return func(ctx context.Context, message []byte) error {
		x := allocarray.New[float64](ctx, len(message)/8)
		for i := range x.Len() {
			x.Data()[i] = math.Float64frombits(binary.LittleEndian.Uint64(message[8*i:]))
		}
		centered := allocarray.SubScalar(ctx, x, allocarray.Mean(x))
		out <- allocarray.Mean(allocarray.Square(ctx, centered)) // a number, not memory of the scope
		return nil
	}
}

func message(values ...float64) (m []byte) {
	for _, v := range values {
		m = binary.LittleEndian.AppendUint64(m, math.Float64bits(v))
	}
	return m
}

// messages is how many messages a test sends; message i has the variance i*i.
const messages = 100

func number(i int) []byte { return message(float64(-i), float64(i)) }

// complete checks that each message was handled.
func complete(t *testing.T, out <-chan float64) {
	t.Helper()
	var got, want []float64
	for i := range messages {
		want = append(want, float64(i*i))
		got = append(got, <-out)
	}
	require.ElementsMatch(t, want, got)
}

// TestClusterPage: the blocks of Go on the page stand in this folder's tests, or in the
// pipeline.
func TestClusterPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/cluster.md")
	require.NoError(t, err)
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	files = append(files, "../beam/classify.go")
	var code strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		code.Write(text)
	}
	blocks := strings.Split(string(page), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	for _, b := range blocks {
		b, _, found := strings.Cut(b, "```")
		require.True(t, found)
		require.Contains(t, code.String(), b)
	}
}
