package main

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
)

// writePNG draws a digit, nine times as large and in a corner of a larger sheet.
func writePNG(t *testing.T, digit int, dark bool) string {
	t.Helper()
	const zoom = 9
	ink := digits.Draw(digit, rand.New(rand.NewPCG(uint64(digit), 4)))
	img := image.NewGray(image.Rect(0, 0, 400, 300))
	for y := range 300 {
		for x := range 400 {
			v := byte(0)
			if x < zoom*digits.Size && y < zoom*digits.Size {
				v = ink[y/zoom*digits.Size+x/zoom]
			}
			if dark { // on light
				v = 255 - v
			}
			img.SetGray(x, y, color.Gray{Y: v})
		}
	}
	path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.png", digit))
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, png.Encode(f, img))
	return path
}

func TestImage(t *testing.T) {
	for digit := range 10 {
		path := writePNG(t, digit, digit%2 == 0)
		var g guess
		require.NoError(t, json.Unmarshal([]byte(succeed(t, t.Context(), "-json", "-image", path)), &g))
		require.Equal(t, digit, g.Digit)
		require.Equal(t, path, g.Image)
		require.Equal(t, "embedded", g.Model)
		require.Equal(t, g.Probabilities[digit], g.Probability)
		sum := float32(0)
		for _, p := range g.Probabilities {
			sum += p
		}
		require.InDelta(t, 1, sum, 1e-4)

		text := succeed(t, t.Context(), "-image", path)
		require.Contains(t, text, fmt.Sprintf("%s is a %d, ", path, digit))
		require.Contains(t, text, fmt.Sprintf("\n%d %5.1f %% ####", digit, 100*g.Probability))
		require.Contains(t, text, "#")
		require.Equal(t, 14+3+10, strings.Count(text, "\n"))
	}
}
