package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPlanned: both networks are at their lower bound, which is what lives at once; nothing has less.
func TestPlanned(t *testing.T) {
	const images, pixels, hidden, classes = 32, 784 * 4, 128 * 4, 10 * 4
	p := decode(t, succeed(t, t.Context(), "-json", "-duration", "5ms"))
	require.Len(t, p.Planned, 2)
	for _, r := range p.Planned {
		require.Equal(t, images, r.Batch)
		require.Equal(t, r.Bound, r.Peak, "%s is at its bound", r.Model)
		require.LessOrEqual(t, r.Peak, r.Fit)
		require.Less(t, r.Peak, r.Sum)
	}
	mlp, cnn := p.Planned[0], p.Planned[1]
	require.Equal(t, "784-128-10", mlp.Model)
	require.Equal(t, 5, mlp.Arrays, "the input, two products, the probabilities and the digits")
	require.Equal(t, images*(pixels+hidden+2*classes)+images*strconv.IntSize/8, mlp.Sum)
	require.Equal(t, images*(pixels+hidden+classes), mlp.Bound, "the input, which lives to the end, and the two products")
	// Beside the input, the outputs of the first two stages: 13×13×32 and 5×5×16.
	require.Equal(t, "CNN 32-16-10", cnn.Model)
	require.GreaterOrEqual(t, cnn.Bound, images*(pixels+13*13*32*4+5*5*16*4))

	small := decode(t, succeed(t, t.Context(), "-json", "-duration", "5ms", "-batch", "1"))
	require.Equal(t, 1, small.Planned[0].Batch)
	require.Equal(t, small.Planned[0].Bound, small.Planned[0].Peak)
}

// TestPlannedTable: the table is that of the README.
func TestPlannedTable(t *testing.T) {
	text := succeed(t, t.Context(), "-duration", "5ms")
	_, table, ok := strings.Cut(text, "\nThe memory of one batch of 32 images")
	require.True(t, ok, text)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, said, ok := strings.Cut(string(readme), "\n    The memory of one batch of 32 images")
	require.True(t, ok)
	row := regexp.MustCompile(`(?m)^ *(784-128-10|CNN 32-16-10)(?: +[0-9,]+){3} +([0-9,]+) +([0-9,]+)$`)
	seen, stated := row.FindAllStringSubmatch(table, -1), row.FindAllStringSubmatch(said, -1)
	require.Len(t, seen, 2, table)
	require.Len(t, stated, 2, said)
	require.Equal(t, strings.TrimSpace(seen[0][0]), strings.TrimSpace(stated[0][0]), "the README has another table; this is what the program prints:\n%s", table)
	for _, r := range append(seen, stated...) {
		require.Equal(t, r[2], r[3], fmt.Sprint("at the bound: ", r[0]))
	}
}
